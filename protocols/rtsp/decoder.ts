/** What a server sends on an RTSP connection: answers, and packets between them (RFC 2326, 7 and 10.12). */
export type RtspItem =
  | {
      kind: 'answer';
      status: number;
      reason: string;
      /** Name, value, name, value, as they came. */
      rawHeaders: string[];
      /** By lower-case name; of a repeated one the first. */
      headers: ReadonlyMap<string, string>;
      body: Uint8Array;
    }
  | { kind: 'packet'; channel: number; payload: Uint8Array };

const limits = { head: 8192, body: 65_536 };
const dollar = 0x24;
/** First byte of `RTSP/1.0 200 OK`. */
const letterR = 0x52;
const statusLine = /^RTSP\/1\.\d (\d{3})(?: ([^\r\n]*))?$/;
const headEnd = Buffer.from('\r\n\r\n');
/** The channels that a client asks for; noise that looks like another is noise. */
const channels = 4;

/**
 * Takes the bytes in any split, never throws, and holds no more than one item (72 kB). What is neither an answer
 * nor a packet is thrown away and counted, and the next item behind it is found.
 */
export class RtspDecoder {
  #buffer = Buffer.alloc(4096);
  #start = 0;
  #end = 0;
  /** After noise a packet counts only when something sound seems to follow it. */
  #lost = false;
  /** Bytes that belonged to nothing. */
  thrownAway = 0;

  push(bytes: Uint8Array): RtspItem[] {
    const items: RtspItem[] = [];
    // A large chunk is taken in pieces, so that what is held stays bounded.
    for (let at = 0; at < bytes.length; at += limits.body) {
      this.#append(bytes.subarray(at, at + limits.body));
      for (;;) {
        const step = this.#next();
        if (step === 'more') break;
        if (step !== 'skipped') items.push(step);
      }
    }
    return items;
  }

  #append(bytes: Uint8Array): void {
    const held = this.#end - this.#start;
    if (this.#end + bytes.length > this.#buffer.length) {
      let capacity = this.#buffer.length;
      while (capacity < held + bytes.length) capacity *= 2;
      const into = capacity > this.#buffer.length ? Buffer.alloc(capacity) : this.#buffer;
      this.#buffer.copy(into, 0, this.#start, this.#end);
      this.#buffer = into;
      this.#start = 0;
      this.#end = held;
    }
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  #next(): RtspItem | 'more' | 'skipped' {
    if (this.#start === this.#end) return 'more';
    const first = this.#buffer[this.#start];
    if (first === dollar) return this.#packet();
    if (first === letterR) return this.#answer();
    return this.#skip(this.#toNextStart());
  }

  #packet(): RtspItem | 'more' | 'skipped' {
    const held = this.#end - this.#start;
    if (held < 2) return 'more';
    const channel = this.#buffer[this.#start + 1]!;
    if (channel >= channels) return this.#skip(1);
    if (held < 4) return 'more';
    const whole = 4 + this.#buffer.readUInt16BE(this.#start + 2);
    if (held < whole) return 'more';
    const after = held > whole ? this.#buffer[this.#start + whole] : dollar;
    if (this.#lost && after !== dollar && after !== letterR) return this.#skip(1);
    const payload = Uint8Array.from(this.#buffer.subarray(this.#start + 4, this.#start + whole));
    this.#take(whole);
    return { kind: 'packet', channel, payload };
  }

  #answer(): RtspItem | 'more' | 'skipped' {
    const held = this.#buffer.subarray(this.#start, Math.min(this.#end, this.#start + limits.head));
    const isPrefix = 'RTSP/1.'.startsWith(held.toString('latin1', 0, 7));
    if (!isPrefix) return this.#skip(1);
    const end = held.indexOf(headEnd);
    if (end < 0) return held.length < limits.head ? 'more' : this.#skip(1);
    const [line = '', ...lines] = held.toString('latin1', 0, end).split('\r\n');
    const status = statusLine.exec(line);
    if (!status) return this.#skip(1);
    const pairs = lines.flatMap((text): [string, string][] => {
      const colon = text.indexOf(':');
      return colon > 0 ? [[text.slice(0, colon).trim(), text.slice(colon + 1).trim()]] : [];
    });
    const headers = new Map(pairs.toReversed().map(([name, value]) => [name.toLowerCase(), value]));
    const length = Number(headers.get('content-length') ?? 0);
    if (!Number.isInteger(length) || length < 0 || length > limits.body) return this.#skip(1);
    const whole = end + headEnd.length + length;
    if (this.#end - this.#start < whole) return 'more';
    const body = Uint8Array.from(
      this.#buffer.subarray(this.#start + end + headEnd.length, this.#start + whole),
    );
    this.#take(whole);
    return {
      kind: 'answer',
      status: Number(status[1]),
      reason: status[2] ?? '',
      rawHeaders: pairs.flat(),
      headers,
      body,
    };
  }

  #take(count: number): void {
    this.#start += count;
    this.#lost = false;
  }

  #skip(count: number): 'skipped' {
    this.#start += count;
    this.thrownAway += count;
    this.#lost = true;
    return 'skipped';
  }

  #toNextStart(): number {
    let at = this.#start + 1;
    while (at < this.#end && this.#buffer[at] !== dollar && this.#buffer[at] !== letterR) at += 1;
    return at - this.#start;
  }
}
