import { z } from 'zod';
import { createCardDecoder } from '#protocols/card-frames/decoder.ts';
import { type Card, cardFormat } from '#protocols/card-frames/format.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';
import { deviceBase } from '../config.ts';
import type { Driver, DriverContext, DriverRun, Line } from '../driver.ts';
import { addressText, streamOf } from './address.ts';
import { keepOpen } from './kept-line.ts';
import { noiseMeter } from './noise.ts';

const cardReader = deviceBase.extend({
  driver: z.literal('card-reader'),
  format: cardFormat,
  /** What a card shown here means: a guard begins or ends a shift, passes on patrol, stands at the crossing. */
  purpose: z.enum(['guard-shift', 'patrol', 'crossing-post']),
  /** The place, as the roster calls it. */
  point: z.string().trim().min(1).max(64),
  /** A card that is seen again within so many seconds still lies on the reader: one check-in. */
  repeat_s: z.number().min(1).max(3600).default(10),
  heartbeat_s: deviceBase.shape.heartbeat_s.unwrap().default(300),
});
type CardReader = z.infer<typeof cardReader>;

/**
 * A reader that says the number of each card on its line and nothing else: no heartbeat, no answer. Proof of life
 * is therefore the open line, told as such in its facts; only a card proves the reader itself.
 */
export const cardReaderDriver: Driver<CardReader> = {
  name: 'card-reader',
  wires: ['tty', 'tcp'],
  device: cardReader,
  describe: () => ({ kind: 'card-reader', alarms: false, acts: [] }),
  configure: (line) =>
    line.devices.slice(1).map(({ id }, i) => ({
      device: i + 1,
      problem: `${addressText(line.address)} already carries ${line.devices[0]!.id}: a reader does not say who it is, so give ${id} a line of its own`,
    })),
  start,
};

const minuteMs = 60_000;
/** Cards that are remembered as lying on the reader; with more, the first ones may check in once again. */
const rememberedCards = 64;

function start(context: DriverContext, line: Line<CardReader>): DriverRun {
  const { clock } = context;
  const { id, format, purpose, point, repeat_s, heartbeat_s } = line.devices[0]!;
  const at = addressText(line.address);
  let decoder = createCardDecoder(format);
  /** When each card was last seen, by its raw number, oldest first. */
  const seen = new Map<string, number>();

  const wire = keepOpen(context, streamOf(line.address), {
    onOpen() {
      // What was cut off with the old line belongs to nothing on the new one.
      decoder = createCardDecoder(format);
      context.health(id, { state: 'good' });
      alive();
    },
    onData(bytes, readAt) {
      const { cards, discarded, badChecks } = decoder.push(bytes);
      for (const card of cards) checkIn(card, readAt);
      noise.count(badChecks, discarded);
    },
  });

  function checkIn(card: Card, readAt: number): void {
    const last = seen.get(card.raw);
    seen.delete(card.raw);
    seen.set(card.raw, readAt);
    if (seen.size > rememberedCards) seen.delete(seen.keys().next().value!);
    if (last !== undefined && readAt - last < repeat_s * 1000) return;
    context.heard(id, { proof_of_life: 'a card was read' });
    context.record(id, 'check-in', { card: card.number, raw: card.raw, reader: id, purpose, point }, readAt);
  }

  let cancelAlive = (): void => {};
  function alive(): void {
    cancelAlive();
    if (!wire.open) return;
    context.heard(id, { proof_of_life: 'the line is open; the reader itself gives no sign of life' });
    cancelAlive = clock.after((heartbeat_s * 1000) / 2, alive);
  }

  const noise = noiseMeter((noisy, badChecks, bytes) => {
    context.measure(id, 'bad_checksums', badChecks, 'count');
    context.measure(id, 'discarded_bytes', bytes, 'B');
    if (noisy === null || !wire.open) return;
    context.health(
      id,
      noisy ? { state: 'fault', reason: notCards(at, format, badChecks, bytes) } : { state: 'good' },
    );
  });
  let cancelMinute = clock.after(minuteMs, minute);
  function minute(): void {
    noise.minute();
    cancelMinute = clock.after(minuteMs, minute);
  }

  return {
    close() {
      cancelAlive();
      cancelMinute();
      wire.close();
      return Promise.resolve();
    },
  };
}

function notCards(at: string, format: string, badChecks: number, bytes: number): Bilingual {
  return {
    zh: `读卡器线路 ${at} 上一分钟有 ${badChecks} 个校验错误、${bytes} 个无法识别的字节：请核对读卡器型号（format: ${format}）、波特率和接线。`,
    en: `${badChecks} wrong checksums and ${bytes} bytes that are no card in the last minute on ${at}: check the kind of reader (format: ${format}), its baud rate and the wiring.`,
  };
}
