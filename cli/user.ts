import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { openAccess } from '#cloud/access/access.ts';
import { DatabaseError } from '#platform/database-error.ts';
import { realClock } from '#platform/real/clock.ts';
import { realDatabases } from '#platform/real/database.ts';
import { realRandomness } from '#platform/real/randomness.ts';
import { apiAccount, newAccount, type Role } from '#protocols/api-access.ts';
import { itemsOf } from '#protocols/api.ts';
import { UserError } from './service.ts';

interface In {
  data: string;
}

/** Where the console takes a set-up link. After #, so that no server and no proxy logs it. */
export function setupUrl(url: string, link: string): string {
  return `${url}/setup#${link}`;
}

/** `belfry setup-link`. */
export async function setupLink({ data }: In): Promise<void> {
  const place = placeOf(data);
  const { link } = await ask(
    place,
    'POST',
    '/setup-links',
    z.object({ link: z.string() }),
    {},
    async (access) => ({
      link: await access.newSetupLink(),
    }),
  );
  process.stdout.write(`${setupUrl(place.url ?? 'http://127.0.0.1:8080', link)}\n`);
}

/** `belfry user list`. */
export async function listUsers({ data }: In): Promise<void> {
  const { items } = await ask(
    placeOf(data),
    'GET',
    '/accounts',
    itemsOf(apiAccount),
    undefined,
    async (access) => ({
      items: await access.accounts(),
    }),
  );
  for (const { username, name, role, campuses, disabled } of items) {
    const where = campuses === null ? 'all campuses' : campuses.join(', ');
    process.stdout.write(`${username}\t${name}\t${role}\t${where}${disabled ? '\tdisabled' : ''}\n`);
  }
}

/** `belfry user add`. */
export async function addUser(
  username: string,
  { data, name, role, campuses }: In & { name?: string; role: Role; campuses?: string[] },
): Promise<void> {
  const password = newSecret();
  const parsed = newAccount.safeParse({
    username,
    name: name ?? username,
    password,
    role,
    campuses: campuses ?? null,
  });
  if (!parsed.success) throw new UserError(z.prettifyError(parsed.error));
  await ask(placeOf(data), 'POST', '/accounts', apiAccount, parsed.data, async (access) => {
    const made = await access.addAccount(parsed.data);
    if (made === null) throw new UserError(`There is an account ${username} already.`);
    return made;
  });
  tell(username, password);
}

/** `belfry user password`. */
export async function newPassword(username: string, { data }: In): Promise<void> {
  const password = newSecret();
  const path = `/accounts/${encodeURIComponent(username)}`;
  const change = { password, disabled: false };
  await ask(placeOf(data), 'PATCH', path, apiAccount, change, async (access) => {
    const changed = await access.changeAccount(username, change);
    if (typeof changed === 'string') throw new UserError(`There is no account ${username}.`);
    return changed;
  });
  tell(username, password);
}

const newSecret = () => randomBytes(15).toString('base64url');

function tell(username: string, password: string) {
  process.stdout.write(
    `username: ${username}\npassword: ${password}   (shown this once, and kept nowhere)\n`,
  );
}

export interface Place {
  folder: string;
  url: string | null;
  token: string | null;
}

/** The folder of a cloud, or that of an `up`, which has the cloud's inside. */
export function placeOf(data: string): Place {
  const given = resolve(data);
  const folder = existsSync(join(given, 'cloud')) ? join(given, 'cloud') : given;
  const read = (file: string) => {
    const path = [join(given, file), join(folder, file)].find((path) => existsSync(path));
    return path === undefined ? null : readFileSync(path, 'utf8').trim();
  };
  return { folder, url: read('url'), token: read('cli-token') };
}

/** In the store itself while no cloud runs on it; else of that cloud, by the local token. */
async function ask<T>(
  { folder, url, token }: Place,
  method: string,
  path: string,
  schema: z.ZodType<T>,
  body: unknown,
  inStore: (access: Awaited<ReturnType<typeof openAccess>>) => Promise<T>,
): Promise<T> {
  if (!existsSync(folder)) throw new UserError(`${folder}: there is no such folder. Say where with --data.`);
  const parts = { clock: realClock, random: realRandomness, databases: realDatabases(folder) };
  const access = await openAccess(parts).catch((error: unknown) => {
    if (error instanceof DatabaseError && error.code === 'in-use') return null;
    throw error;
  });
  if (access !== null) return inStore(access).finally(() => access.close());
  if (url === null || token === null)
    throw new UserError(
      `${folder} is in use by a running cloud, and its url or cli-token file is not there.`,
    );
  const answer = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new UserError((JSON.parse(text) as { detail?: string }).detail ?? text);
  return schema.parse(JSON.parse(text));
}
