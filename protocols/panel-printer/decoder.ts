import { type PanelFormat, type PanelMessage, panelShapes } from './format.ts';

/** What one push brought to light. */
export interface ReadPanel {
  messages: PanelMessage[];
  /** Bytes that belong to no line. */
  discarded: number;
}

export interface PanelDecoder {
  push(bytes: Uint8Array): ReadPanel;
  /** Bytes that are kept for the next push: less than the longest line. */
  readonly kept: number;
}

/**
 * Finds the lines of an automation port in a stream that may be split anywhere and hold any noise. Linear in the bytes
 * pushed. What is in front of a whole line on the same line is noise: the line counts from its end.
 */
export function createPanelDecoder(format: PanelFormat): PanelDecoder {
  const { begin, end, longest, read } = panelShapes[format];
  let text = '';

  /** The line that ends here, and how many characters in front of it are noise. */
  function messageOf(line: string): { message: PanelMessage | null; noise: number } {
    const whole = read(line);
    if (whole.kind !== 'other') return { message: whole, noise: 0 };
    for (const length of wholeLengths[format]) {
      if (line.length <= length) continue;
      const message = read(line.slice(-length));
      if (message.kind !== 'other') return { message, noise: line.length - length };
    }
    return isPrinted(line) ? { message: whole, noise: 0 } : { message: null, noise: line.length };
  }

  return {
    push(bytes) {
      const found: ReadPanel = { messages: [], discarded: 0 };
      for (const byte of bytes) {
        if (byte === begin) {
          found.discarded += text.length;
          text = '';
        } else if (byte === end) {
          const { message, noise } = messageOf(text);
          found.discarded += noise;
          if (message !== null) found.messages.push(message);
          text = '';
        } else {
          text += String.fromCharCode(byte);
          if (text.length < longest) continue;
          // Of a line without an end the latest part is kept: a whole one may be beginning there.
          found.discarded += text.length - longestWhole[format];
          text = text.slice(-longestWhole[format]);
        }
      }
      return found;
    },
    get kept() {
      return text.length;
    },
  };
}

/** Characters of the whole lines of each format, without begin and end. */
const wholeLengths: Readonly<Record<PanelFormat, readonly number[]>> = {
  'surgard-mlr2': [20],
  'ademco-685': [23, 22],
};
const longestWhole: Readonly<Record<PanelFormat, number>> = { 'surgard-mlr2': 20, 'ademco-685': 23 };

/** A panel of another format prints text; noise is seldom all of that, and seldom so long. */
function isPrinted(line: string): boolean {
  return line.length >= 8 && /^[\x20-\x7e]+$/.test(line);
}
