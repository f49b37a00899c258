/** Lanes, so that none waits behind another. Nothing is ever retained. */
export const lanes = ['alarm', 'state', 'telemetry', 'receipt', 'command', 'reply'] as const;
export type Lane = (typeof lanes)[number];

export interface TopicParts {
  version: string;
  campus: string;
  gateway: string;
  lane: Lane;
}

/** `belfry/v1/<campus>/<gateway>/<lane>` */
export function topicOf(campus: string, gateway: string, lane: Lane): string {
  return `belfry/v1/${campus}/${gateway}/${lane}`;
}

/** The parts of a topic of any version, or null when it is none of ours. */
export function parseTopic(topic: string): TopicParts | null {
  const [root, version, campus, gateway, lane, ...rest] = topic.split('/');
  if (root !== 'belfry' || !version || !campus || !gateway || rest.length > 0) return null;
  const known = lanes.find((l) => l === lane);
  return known === undefined ? null : { version, campus, gateway, lane: known };
}

/** What the cloud listens to. The alarm lane of every version: what cannot be read is answered `refused`. */
export const cloudAlarmFilter = 'belfry/+/+/+/alarm';
export const cloudBulkFilters = ['belfry/v1/+/+/state', 'belfry/v1/+/+/telemetry', 'belfry/v1/+/+/reply'];
