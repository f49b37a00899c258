import type { Door } from '#platform/doors/door.ts';
import type { Devices } from './devices.ts';

/** The id under which the edge's own way to 110 is reported, as a device of the gateway. */
export const directPathId = 'direct-path';

/** Reports what the door's supervision knows. */
export function reportDirectPath(door: Door, devices: Devices): void {
  const supervision = door.supervision();
  if (supervision.state === 'unknown') return;
  const answering = supervision.state === 'answering';
  devices.line(directPathId, answering);
  if (answering) {
    devices.heard(directPathId, { round_trip_ms: supervision.roundTripMs });
    devices.health(directPathId, { state: 'good' });
    return;
  }
  const { reason } = supervision;
  devices.health(directPathId, {
    state: 'offline',
    reason: {
      zh: `110 不应答直连通道：${reason}`,
      en: `110 does not answer on the direct path: ${reason}`,
    },
  });
}
