import { edgeStages } from '#protocols/messages/alarm.ts';
import type { Passage } from './stages.ts';

/** A passage as the columns of a signal hold it. */
export type PassageRow = Omit<Passage, 'edge'> & { edge_stages: string };

export const passageColumns = `age_at_first_byte_ms, first_byte_at, ingested_at, committed_at, dispatched_at,
  delivered_at, edge_stages`;

export function passageOf({ edge_stages, ...instants }: PassageRow): Passage {
  return { ...instants, edge: edgeStages.parse(JSON.parse(edge_stages)) };
}
