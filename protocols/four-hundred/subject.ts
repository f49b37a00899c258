import type { CampusPlan } from './campus-plan.ts';
import { type Part, partKinds } from './parts.ts';

/** What a part is about, by the ids of the inventory. */
export type Subject =
  | { campus: string }
  | { device: string }
  | { post: string }
  | { post_kind: string }
  | { gate: string; window?: string }
  | { fence: string }
  | { zone: string }
  | { zone_kind: string };

const entityOf = new Map(partKinds.map(({ kind, of }) => [kind, of]));

export function subjectOf(plan: CampusPlan, { kind, entity }: Part): Subject {
  const { rules } = plan;
  switch (entityOf.get(kind)!) {
    case 'campus':
      return { campus: plan.campus.id };
    case 'device':
      return { device: plan.devices[entity]!.ref };
    case 'post':
      return { post: plan.posts[entity]!.post.id };
    case 'post-kind':
      return { post_kind: rules.guards.posts[entity]! };
    case 'barrier': {
      const { what, id } = plan.barriers[entity]!;
      return what === 'gate' ? { gate: id } : { fence: id };
    }
    case 'gate':
      return { gate: plan.gates[entity]!.id };
    case 'gate-window': {
      const { gate, window } = plan.crossings[entity]!;
      return { gate: plan.gates[gate]!.id, window };
    }
    case 'zone':
      return { zone: plan.zones[entity]!.zone.id };
    case 'zone-kind':
      return { zone_kind: rules.one_key_video.required_zones[entity]! };
  }
}
