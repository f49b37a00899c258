import type { Log } from '#platform/ports.ts';
import type { Birth } from '#protocols/messages/state.ts';
import { gatewayKey, type PicturePlan, planDigest } from '#protocols/pictures.ts';
import { cameraOf, type CampusConfig } from '../campus-config.ts';
import type { Commands } from '../commands/commands.ts';

const expiresInMs = 600_000;

/** What a gateway is to know: which of its own cameras look at which of its devices, and its key. */
export function planFor(secret: string, campuses: readonly CampusConfig[], gateway: string): PicturePlan {
  const cameras: PicturePlan['cameras'] = {};
  for (const campus of campuses) {
    const devices = campus.gateways.find(({ id }) => id === gateway)?.devices ?? [];
    for (const { id, cameras: looking = [] } of devices) {
      const own = looking.flatMap((reference) => {
        const camera = cameraOf(campus, gateway, reference);
        return camera?.gateway === gateway ? [camera.device.id] : [];
      });
      if (own.length > 0) cameras[id] = own;
    }
  }
  return { key: gatewayKey(secret, gateway), cameras };
}

/**
 * Teaches a gateway its plan, where its birth says that it sends pictures and holds another. It takes pictures by
 * it while it is cut off, too.
 */
export function teachPlans(parts: {
  log: Log;
  secret: string;
  campuses: readonly CampusConfig[];
  commands: Pick<Commands, 'send'>;
}): (campus: string, gateway: string, birth: Birth) => void {
  const { log, secret, campuses, commands } = parts;
  return (campus, gateway, birth) => {
    if (birth.picture_plan === undefined) return;
    if (!birth.devices.some(({ kind }) => kind === 'camera')) return;
    const plan = planFor(secret, campuses, gateway);
    if (planDigest(plan) === birth.picture_plan) return;
    commands
      .send({ campus, gateway }, { kind: 'picture-plan', plan }, { by: null, expiresInMs })
      .catch((error: unknown) => log.warn('a gateway was not told its picture plan', { gateway, error }));
  };
}
