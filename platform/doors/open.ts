import { z } from 'zod';
import type { CentreClock, Door } from '#platform/doors/door.ts';
import type { Log, Ports } from '#platform/ports.ts';
import { dc09Door, dc09DoorConfig } from './dc09.ts';
import { httpCapDoor, httpCapDoorConfig } from './http-cap.ts';

/** Every kind of way into a centre, by its `kind`. */
export const doorConfig = z.discriminatedUnion('kind', [dc09DoorConfig, httpCapDoorConfig]);
export type DoorConfig = z.infer<typeof doorConfig>;

/**
 * Opens a door; connecting is its own affair. Throws where the ports lack what its kind needs, which is a mistake
 * of whoever composed them.
 */
export function openDoor(
  config: DoorConfig,
  ports: Pick<Ports, 'clock' | 'random' | 'streams' | 'http'> & { log: Log; centreClock: CentreClock },
): Door {
  switch (config.kind) {
    case 'dc09':
      return dc09Door(config, ports);
    case 'http-cap': {
      const { http } = ports;
      if (http === undefined)
        throw new Error(`door ${config.id} (http-cap) needs HTTP, and there is none here`);
      return httpCapDoor(config, { ...ports, http });
    }
  }
}
