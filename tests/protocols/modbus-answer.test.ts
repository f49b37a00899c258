import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerDecoder, type Framing } from '#protocols/modbus-answer.ts';
import { withCrc } from '#protocols/modbus.ts';
import { enough } from './enough.ts';

const question = withCrc(Uint8Array.of(1, 3, 0, 0, 0, 2));
const answer = Buffer.from('010304011102722A8F', 'hex');
const mbap = (transaction: number, message: Uint8Array) =>
  Uint8Array.of(transaction >> 8, transaction & 0xff, 0, 0, 0, message.length, ...message);
const pieces = (bytes: Uint8Array, cuts: readonly number[]) => {
  const at = [0, ...cuts.map((c) => c % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end));
};

describe('the decoder of Modbus answers', () => {
  it.each(['rtu', 'tcp'] as Framing[])(
    '%s: any bytes in any split neither throw nor stay',
    (framing) => {
      fc.assert(
        fc.property(
          fc.uint8Array({ maxLength: 80 }),
          fc.array(fc.nat(80), { maxLength: 4 }),
          fc.boolean(),
          (bytes, cuts, asked) => {
            const decoder = new AnswerDecoder(framing);
            if (asked) decoder.ask(question);
            for (const piece of pieces(bytes, cuts)) decoder.push(piece);
            if (decoder.kept > 512) throw new Error(`${decoder.kept} bytes are kept`);
          },
        ),
        enough,
      );
    },
    120_000,
  );

  it('rtu: the answer is found after any garbage, in any split', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60 }),
        fc.array(fc.nat(80), { maxLength: 4 }),
        (garbage, cuts) => {
          const decoder = new AnswerDecoder('rtu');
          decoder.ask(question);
          const heard = pieces(Uint8Array.of(...garbage, ...answer), cuts).map((p) => decoder.push(p));
          const found = heard.find((h) => h?.kind === 'answer');
          if (found?.kind !== 'answer' || !Buffer.from(found.frame).equals(answer))
            throw new Error('not found');
        },
      ),
      enough,
    );
  }, 120_000);

  it('tcp: the answer is found after late answers to earlier questions, in any split', () => {
    const late = fc.uint8Array({ minLength: 3, maxLength: 40 });
    fc.assert(
      fc.property(
        fc.array(late, { maxLength: 3 }),
        fc.array(fc.nat(80), { maxLength: 4 }),
        (earlier, cuts) => {
          const decoder = new AnswerDecoder('tcp');
          decoder.ask(question);
          const before = earlier.flatMap((message) => [...mbap(9, message)]);
          const bytes = Uint8Array.of(...before, ...mbap(1, answer.subarray(0, -2)));
          const found = pieces(bytes, cuts)
            .map((p) => decoder.push(p))
            .find((h) => h?.kind === 'answer');
          if (found?.kind !== 'answer' || !Buffer.from(found.frame).equals(answer))
            throw new Error('not found');
        },
      ),
      enough,
    );
  }, 120_000);

  it('an endless chunk is bounded, and the answer in it is still found', () => {
    const decoder = new AnswerDecoder('rtu');
    decoder.ask(question);
    expect(decoder.push(new Uint8Array(1_000_000).fill(1))).toBeNull();
    expect(decoder.kept).toBeLessThanOrEqual(512);
    expect(decoder.push(answer)).toMatchObject({ kind: 'answer' });
  });

  it('one flipped bit anywhere is no answer, and is told as damage', () => {
    for (let bit = 0; bit < answer.length * 8; bit++) {
      const bytes = Uint8Array.from(answer);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      const decoder = new AnswerDecoder('rtu');
      decoder.ask(question);
      expect(decoder.push(bytes)).toBeNull();
      expect(decoder.damaged).toBe(true);
    }
  });

  it("the question's own echo is no damage, and a late answer without a question is nothing", () => {
    const decoder = new AnswerDecoder('rtu');
    decoder.ask(question);
    expect(decoder.push(question)).toBeNull();
    expect(decoder.damaged).toBe(false);
    decoder.forget();
    expect(decoder.push(answer)).toBeNull();
  });

  it('tcp: an answer of another length than was asked is no answer', () => {
    const decoder = new AnswerDecoder('tcp');
    decoder.ask(question);
    expect(decoder.push(mbap(1, Uint8Array.of(1, 3, 2, 0, 7)))).toBeNull();
    expect(decoder.damaged).toBe(true);
    expect(decoder.push(Buffer.from('HTTP/1.1 400 Bad Request'))).toEqual({ kind: 'foreign' });
  });
});
