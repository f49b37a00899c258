import type { CentreClock, Door, DoorFault } from '#platform/doors/door.ts';
import { openDoor } from '#platform/doors/open.ts';
import type { Clock, Log, Ports } from '#platform/ports.ts';
import type { ApiCentre } from '#protocols/api.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';
import type { Alerts, AlertText } from '../alerts/alerts.ts';
import { faultWords } from '../alerts/wording.ts';
import type { CloudConfig } from '../config.ts';
import { called } from '../names.ts';
import type { Store } from '../store/store.ts';

/** A place that takes alarms, with its ways in, in the order in which they are tried. */
export interface Centre {
  id: string;
  /** What people call it; null where the file gives it no name. */
  name: Bilingual | null;
  primary: boolean;
  /** False: no probe is sent there; its proof ends at the door. */
  takesTests: boolean;
  doors: readonly { kind: string; door: Door }[];
}

/** Opens every door of the file; connecting is the doors' own affair. */
export function openCentres(ports: Ports, config: CloudConfig): Centre[] {
  return config.centres.map(({ id, name = null, primary, takes_tests: takesTests, doors }) => {
    const log = ports.log.child({ centre: id });
    const centreClock: CentreClock = { offsetMs: 0 };
    return {
      id,
      name,
      primary,
      takesTests,
      doors: doors.map((door) => ({
        kind: door.kind,
        door: openDoor(door, { ...ports, log, centreClock }),
      })),
    };
  });
}

/** Centres as the API shows them. */
export function centresNow(centres: readonly Centre[]): ApiCentre[] {
  return centres.map(({ id, name, primary, doors }) => ({
    id,
    name,
    primary,
    doors: doors.map(({ kind, door }) => {
      const now = door.supervision();
      return {
        id: door.id,
        kind,
        supervision: now.state,
        since: now.state === 'unknown' ? null : Math.round(now.since),
        round_trip_ms: now.state === 'answering' ? now.roundTripMs : null,
      };
    }),
  }));
}

const lookEveryMs = 500;

/**
 * Looks at the doors' supervision: a change goes to the feed, a silent door is an alert. Returns what ends it.
 */
export function watchCentres(
  parts: { clock: Clock; log: Log; store: Store; alerts: Alerts },
  centres: readonly Centre[],
): () => void {
  const { clock, log, store, alerts } = parts;
  const last = new Map<Door, string>();
  let cancel = () => {};

  function look(): void {
    for (const centre of centres) {
      const { id } = centre;
      for (const { door } of centre.doors) {
        const now = door.supervision();
        const before = last.get(door) ?? 'unknown';
        if (now.state === 'silent') void alerts.raise(silentDoor(centre, door.id, now.reason));
        if (now.state === 'answering') void alerts.clear('centre-silent', `${id}/${door.id}`);
        if (now.state === before) continue;
        last.set(door, now.state);
        log.info('a door of a centre changed', { centre: id, door: door.id, state: now.state });
        store
          .commit([], [{ type: 'centre', subject: id }])
          .catch((error: unknown) => log.error('the feed could not be written', { centre: id, error }));
      }
    }
    cancel = clock.after(lookEveryMs, look);
  }

  look();
  return () => cancel();
}

function silentDoor(centre: Centre, door: string, reason: string): AlertText {
  const who = called(centre);
  // Its own words begin with the kind of the fault.
  const kind = reason.split(':', 1)[0]!;
  const fault = Object.hasOwn(faultWords, kind) ? faultWords[kind as DoorFault] : undefined;
  return {
    code: 'centre-silent',
    severity: centre.primary ? 'critical' : 'warning',
    subject: `${centre.id}/${door}`,
    text: {
      zh: `${who.zh}（通道 ${door}）没有应答${fault ? `：${fault.zh}` : ''}，报警可能无法送达。`,
      en: `${who.en}, door ${door}, does not answer (${reason}).`,
    },
  };
}
