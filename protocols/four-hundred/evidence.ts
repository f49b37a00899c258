import { z } from 'zod';
import { deviceRef } from '../inventory/reference.ts';
import { bilingual } from '../messages/bilingual.ts';
import { id } from '../signal.ts';

const common = {
  /**
   * Of the row in its own store: names the evidence, and decides between two of one moment. It grows; states, which
   * have no rows, are counted.
   */
  id: z.int().min(0),
  /** UTC ms at which it happened. */
  at: z.number(),
  /** UTC ms at which Belfry knew of it; evidence from before an edge was cut off comes hours later. */
  known_at: z.number(),
};
const device = deviceRef;

/**
 * What a verdict rests on. Applying evidence twice, or in another order, changes nothing: of each thing the latest by
 * (`at`, `id`) holds.
 */
export const evidence = z.discriminatedUnion('kind', [
  /**
   * What is known of a device. `good` and `fault` hold for a while and must be said again; null: until another word.
   * `missing`: its gateway's file does not name it. `unknown`: its gateway is cut off.
   */
  z.object({
    ...common,
    kind: z.literal('state'),
    device,
    state: z.enum(['good', 'fault', 'offline', 'missing', 'unknown']),
    holds_ms: z.number().positive().nullable(),
    reason: bilingual.optional(),
  }),
  z.object({ ...common, kind: z.literal('clock'), device, offset_s: z.number() }),
  /** A picture was looked at: whether it shows something, or is black, blurred, frozen, covered. */
  z.object({
    ...common,
    kind: z.literal('picture'),
    device,
    good: z.boolean(),
    reason: bilingual.optional(),
  }),
  /** How many days a camera's recording reaches back. */
  z.object({ ...common, kind: z.literal('recording'), device, days: z.number().min(0) }),
  /** How far a button was proved on a route, and in what time if it came to the centre. */
  z.object({
    ...common,
    kind: z.literal('proof'),
    device,
    route: z.enum(['cloud', 'direct']),
    proved: z.enum(['nothing', 'edge', 'cloud', 'door', 'centre']),
    latency_ms: z.number().min(0).nullable(),
  }),
  /** A gate, barrier, contact or beam: open or closed from now on. */
  z.object({ ...common, kind: z.literal('contact'), device, open: z.boolean() }),
  /** A person has said why the opening (`id` of its contact evidence) was in order. */
  z.object({
    ...common,
    kind: z.literal('explained'),
    opening: z.int().min(0),
    by: z.string(),
    reason: z.string(),
  }),
  /** Somebody on the roll or roster was at a place; `on: false`: left it. */
  z.object({
    ...common,
    kind: z.literal('check-in'),
    place: z.union([
      z.strictObject({ post: id }),
      z.strictObject({ patrol: id }),
      z.strictObject({ crossing: id }),
    ]),
    person: id.optional(),
    on: z.boolean().default(true),
  }),
  /** A duty poll (查岗) of a post, once it is answered or its time is over. */
  z.object({ ...common, kind: z.literal('duty-poll'), post: id, answered: z.boolean() }),
  /** An emergency drill was held. */
  z.object({ ...common, kind: z.literal('drill'), name: bilingual.optional() }),
  /** Declared beforehand: what was declared late holds from its declaration (`at`) on. */
  z.object({
    ...common,
    kind: z.literal('maintenance'),
    of: z.union([
      z.literal('campus'),
      z.strictObject({ device }),
      z.strictObject({ gate: id }),
      z.strictObject({ fence: id }),
      z.strictObject({ post: id }),
      z.strictObject({ zone: id }),
    ]),
    from: z.number(),
    to: z.number(),
    reason: z.string().min(1),
    by: z.string(),
  }),
  /** A maintenance (`id` of its evidence) is over before its time, or is not held at all. */
  z.object({ ...common, kind: z.literal('maintenance-ended'), maintenance: z.int().min(0), by: z.string() }),
  /** Belfry itself was not measuring; `to` null: it still is not. The same id again closes it. */
  z.object({
    ...common,
    kind: z.literal('outage'),
    to: z.number().nullable(),
    reason: z.string(),
  }),
]);
export type Evidence = z.output<typeof evidence>;
export type EvidenceKind = Evidence['kind'];
export type EvidenceOf<K extends EvidenceKind> = Extract<Evidence, { kind: K }>;

/** A piece of evidence, as a verdict names it. */
export interface EvidenceRef {
  kind: EvidenceKind;
  id: number;
  /** UTC ms. */
  at: number;
}
