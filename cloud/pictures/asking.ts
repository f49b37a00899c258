import { Buffer } from 'node:buffer';
import type { Randomness } from '#platform/ports.ts';
import { gatewayKey, type PictureName, picturePath, ticketFor } from '#protocols/pictures.ts';
import type { Asked, Commands } from '../commands/commands.ts';

/** A camera that was not asked by then is not asked any more. */
const expiresInMs = 30_000;

export interface AskingParts {
  random: Randomness;
  secret: string;
  commands: Pick<Commands, 'send'>;
}

/** Asks a gateway for one picture, and gives it the ticket for its place. */
export interface Asking {
  /** For a person; `request` is what the picture will be about. */
  now(
    to: { campus: string; gateway: string; camera: string },
    by: string | null,
  ): Promise<Asked & { request: string }>;
  /** For an alarm of another gateway that this camera looks at. */
  atAlarm(to: { campus: string; gateway: string; camera: string }, alarm: string): Promise<Asked>;
}

export function askingWith({ random, secret, commands }: AskingParts): Asking {
  function ask(campus: string, name: PictureName, by: string | null): Promise<Asked> {
    const { gateway, camera: device } = name;
    const path = picturePath(name);
    const ticket = ticketFor(gatewayKey(secret, gateway), path);
    return commands.send(
      { campus, gateway },
      { kind: 'act', device, act: { do: 'snapshot' }, picture: { path, ticket } },
      { by, expiresInMs },
    );
  }
  return {
    async now({ campus, gateway, camera }, by) {
      const request = Buffer.from(random.bytes(8)).toString('hex');
      const asked = await ask(campus, { gateway, camera, kind: 'request', about: request, n: 1 }, by);
      return { ...asked, request };
    },
    atAlarm: ({ campus, gateway, camera }, alarm) =>
      ask(campus, { gateway, camera, kind: 'alarm', about: alarm, n: 1 }, null),
  };
}
