import { hashOf } from '#platform/credential.ts';
import { realRandomness } from '#platform/real/randomness.ts';
import { UserError } from './service.ts';

/** 160 bits; 27 characters, which every device takes. */
const passwordBytes = 20;

/**
 * `belfry credential USERNAME`: makes the login of a device at the edge's own broker. The password is printed this
 * once and kept nowhere; only its hash goes into edge.yaml.
 */
export async function credential(username: string, { json }: { json: boolean }): Promise<void> {
  if (!/^[\w.-]{1,64}$/.test(username)) {
    throw new UserError(`${username}: use letters, digits, . _ and - (64 at most) for the username.`);
  }
  const password = Buffer.from(realRandomness.bytes(passwordBytes)).toString('base64url');
  const password_hash = await hashOf(password, realRandomness.bytes(16));
  process.stdout.write(
    json
      ? `${JSON.stringify({ username, password, password_hash })}\n`
      : `Into the device (shown this once, and kept nowhere):
  username: ${username}
  password: ${password}
Into edge.yaml, at each of its devices:
  username: ${username}
  password_hash: ${password_hash}
`,
  );
}
