import type { Evidence, EvidenceOf } from '#protocols/four-hundred/evidence.ts';
import {
  evidenceOfContact,
  evidenceOfPoint,
  evidenceOfRecord,
} from '#protocols/four-hundred/from-messages.ts';
import type { CampusInventory } from '#protocols/inventory/campus.ts';
import type { StateLaneMessage } from '#protocols/messages/state.ts';
import type { TelemetryMessage } from '#protocols/messages/telemetry.ts';
import type { Liveness } from '../liveness/liveness.ts';
import type { Draft } from './evidence-store.ts';

/** A measured value that says the same is evidence again after this; clocks within half a second say the same. */
const sameAgainMs = 600_000;
const sameClockS = 0.5;

/** Where a message came from, and the devices of that campus that any part rests on. */
interface From {
  campus: string;
  gateway: string;
  wanted: ReadonlySet<string>;
}

/** What gateways' messages say that is evidence. */
export class Heard {
  readonly #liveness: Pick<Liveness, 'gateway'>;
  readonly #personOf: (campus: string, card: string) => string | null;
  /** By campus and device, which may move; both bounded by the inventory. */
  readonly #contacts = new Map<string, string>();
  readonly #measured = new Map<string, { said: number; at: number }>();

  constructor(parts: {
    liveness: Pick<Liveness, 'gateway'>;
    personOf(campus: string, card: string): string | null;
  }) {
    this.#liveness = parts.liveness;
    this.#personOf = (campus, card) => parts.personOf(campus, card);
  }

  /** What a state message of the current session says of contacts: all at a birth, then what has changed. */
  contacts({ campus, gateway, wanted }: From, message: StateLaneMessage, receivedAt: number): Draft[] {
    if (message.kind !== 'birth' && message.kind !== 'heartbeat') return [];
    if (this.#liveness.gateway(gateway)?.session !== message.session) return [];
    const drafts: Draft[] = [];
    for (const [i, report] of message.devices.entries()) {
      const ref = `${gateway}/${report.id}`;
      const { state } = report.facts;
      if (state === undefined || !wanted.has(ref)) continue;
      const known = this.#contacts.get(`${campus} ${ref}`);
      const before = message.kind === 'birth' || known === undefined ? null : { facts: { state: known } };
      const at = Math.round(receivedAt - (report.heard_ago_ms ?? 0));
      const piece = evidenceOfContact({ id: 0, gateway, known_at: 0 }, report, before, at);
      this.#contacts.set(`${campus} ${ref}`, String(state));
      const n = message.kind === 'birth' ? 'birth' : (message.n ?? message.sent_at);
      const source = `state/${gateway}/${message.session}/${n}/${i}/${at}`;
      if (piece !== null) drafts.push(draft(campus, source, piece));
    }
    return drafts;
  }

  /** What a batch of measured values and records says. */
  batch({ campus, gateway, wanted }: From, message: TelemetryMessage, inventory: CampusInventory): Draft[] {
    const source = { id: 0, gateway, known_at: 0 };
    const from = `${gateway}/${message.epoch}/${message.n}`;
    const devices = this.#liveness.gateway(gateway)?.devices;
    const points = message.points.flatMap((point, i) => {
      if (!wanted.has(`${gateway}/${point.device}`)) return [];
      const piece = evidenceOfPoint(source, point, devices?.get(point.device)?.report?.facts ?? {});
      return piece === null || !this.#isNews(campus, piece)
        ? []
        : [draft(campus, `point/${from}/${i}`, piece)];
    });
    const records = message.records.flatMap((record, i) => {
      const piece = evidenceOfRecord(source, record, inventory, (card) => this.#personOf(campus, card));
      return piece === null ? [] : [draft(campus, `record/${from}/${i}`, piece)];
    });
    return [...points, ...records];
  }

  /** A batch was not committed: it comes again, and then it is news again. */
  again(): void {
    this.#measured.clear();
  }

  /** A camera's clock is measured with each heartbeat: the same again is evidence once in a while. */
  #isNews(campus: string, piece: EvidenceOf<'clock' | 'recording' | 'picture'>): boolean {
    const { kind, device, at } = piece;
    const said =
      kind === 'clock'
        ? Math.floor(piece.offset_s / sameClockS)
        : kind === 'recording'
          ? piece.days
          : Number(piece.good);
    const told = this.#measured.get(`${campus} ${kind} ${device}`);
    if (told?.said === said && at >= told.at && at - told.at < sameAgainMs) return false;
    this.#measured.set(`${campus} ${kind} ${device}`, { said, at });
    return true;
  }
}

function draft(
  campus: string,
  source: string,
  { id: _id, known_at: _known, ...piece }: Exclude<Evidence, { kind: 'state' }>,
): Draft {
  return { campus, source, piece: piece as Draft['piece'] };
}
