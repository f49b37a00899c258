/** One dispatched event of a `text/event-stream`. */
export interface StreamEvent {
  /** The last id seen so far: what to resume from (null: none yet). */
  lastId: string | null;
  type: string;
  /** Null: a block that only says where the stream stands. */
  data: string | null;
}

/**
 * Reads a `text/event-stream` in pieces, however it was cut (WHATWG HTML, 9.2.6). Comments dispatch nothing:
 * to the caller the arrival of a piece is proof of life enough.
 */
export function readEventStream(onEvent: (event: StreamEvent) => void): (piece: string) => void {
  let rest = '';
  let lastId: string | null = null;
  let type = '';
  let data: string[] = [];
  let moved = false;

  function line(text: string) {
    if (text === '') {
      if (data.length > 0) onEvent({ lastId, type: type || 'message', data: data.join('\n') });
      else if (moved) onEvent({ lastId, type: 'message', data: null });
      type = '';
      data = [];
      moved = false;
      return;
    }
    const colon = text.indexOf(':');
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? '' : text.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') data.push(value);
    else if (field === 'event') type = value;
    else if (field === 'id' && !value.includes('\0')) {
      lastId = value;
      moved = true;
    }
  }

  return (piece) => {
    rest += piece;
    for (;;) {
      const end = rest.search(/[\r\n]/);
      // A CR at the very end may be half of a CRLF: wait for the next piece.
      if (end < 0 || (rest[end] === '\r' && end === rest.length - 1)) return;
      line(rest.slice(0, end));
      rest = rest.slice(end + (rest.startsWith('\r\n', end) ? 2 : 1));
    }
  };
}
