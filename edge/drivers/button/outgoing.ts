import type { Body } from '#protocols/button-frame/frame.ts';
import { originText } from '#protocols/signal.ts';

interface Outgoing {
  unit: number;
  body: Body;
}

/**
 * What the units of a bus are to be told, until there is room on the wire. One place for each thing that can be
 * said, so that a copy replaces an older one and the queue stays as short as what is going on.
 */
export function createOutgoing() {
  const waiting = new Map<string, Outgoing>();

  function take(is: (body: Body) => boolean): Outgoing | undefined {
    for (const [key, said] of waiting) {
      if (!is(said.body)) continue;
      waiting.delete(key);
      return said;
    }
    return undefined;
  }

  return {
    add(unit: number, body: Body): void {
      const what = 'origin' in body ? originText(body.origin) : '';
      const key = `${unit} ${body.type} ${what}`;
      const before = waiting.get(key);
      if (before) before.body = body;
      else waiting.set(key, { unit, body });
    },
    takeHostAck: () => take((body) => body.type === 'host-ack'),
    /** A lamp command, or, where there is time for it, what somebody has ordered by hand. */
    takeOther: (orders: boolean) =>
      take((body) => body.type === 'lamp') ?? (orders ? take((b) => b.type !== 'host-ack') : undefined),
    clear: () => waiting.clear(),
  };
}
