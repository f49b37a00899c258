import { type Card, type CardFormat, shapes } from './format.ts';

/** What one push brought to light. */
export interface ReadCards {
  cards: Card[];
  /** Bytes that belong to no frame; line ends are not counted. */
  discarded: number;
  /** How often what was a whole frame had a wrong checksum. */
  badChecks: number;
}

export interface CardDecoder {
  push(bytes: Uint8Array): ReadCards;
  /** Bytes that are kept for the next push: less than the longest frame. */
  readonly kept: number;
}

/**
 * Finds cards in a stream that may be split anywhere and hold any noise. Linear in the bytes pushed. A beginning
 * that is not all there never holds back a whole frame inside it.
 */
export function createCardDecoder(format: CardFormat): CardDecoder {
  const shape = shapes[format];
  let kept = new Uint8Array(0);
  /** The byte before those that are kept. */
  let before: number | undefined;

  function push(bytes: Uint8Array): ReadCards {
    const all = new Uint8Array(kept.length + bytes.length);
    all.set(kept);
    all.set(bytes, kept.length);
    const read: ReadCards = { cards: [], discarded: 0, badChecks: 0 };
    let start = 0;

    const matchAt = (at: number) => shape.match(all, at, at === 0 ? before : all[at - 1]);
    const discard = (end: number): void => {
      for (; start < end; start++) if (all[start] !== 0x0d && all[start] !== 0x0a) read.discarded += 1;
    };

    while (start < all.length) {
      const match = matchAt(start);
      if (match.kind === 'card') {
        read.cards.push(match.card);
        start += match.length;
      } else if (match.kind === 'more') {
        const inner = wholeCardFrom(start + 1);
        if (inner === null) break;
        discard(inner);
      } else {
        if (match.kind === 'bad-check') read.badChecks += 1;
        discard(start + 1);
      }
    }
    if (start > 0) before = all[start - 1];
    kept = all.slice(start);
    return read;

    function wholeCardFrom(first: number): number | null {
      for (let at = first; at < all.length; at++) if (matchAt(at).kind === 'card') return at;
      return null;
    }
  }

  return {
    push,
    get kept() {
      return kept.length;
    },
  };
}
