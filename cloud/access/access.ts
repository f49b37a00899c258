import { Buffer } from 'node:buffer';
import type { Clock, Database, DatabasePort, Randomness, Row } from '#platform/ports.ts';
import type { ApiToken, Right } from '#protocols/api-access.ts';
import {
  type AccountRow,
  accountsIn,
  hashOf,
  inserted,
  type NewAccount,
  personOf,
  scopeOf,
} from './accounts.ts';
import { type Audit, auditIn } from './audit.ts';
import { identitiesIn } from './identities.ts';
import { Lockout } from './lockout.ts';
import { createPasswords } from './passwords.ts';
import type { Principal } from './principal.ts';
import { accessSchema } from './schema.ts';

export const sessionIdleMs = 12 * 3_600_000;
export const sessionMostMs = 7 * 86_400_000;
export const setupLinkMs = 24 * 3_600_000;
/** What has ended is kept for so long: it tells where an account has signed in from. */
const addressKnownMs = 90 * 86_400_000;
/** How exact `seen_at` is: not every request writes. */
const seenEveryMs = 60_000;

export type SignIn =
  { ok: true; session: string; who: Principal } | { ok: false; retryAfterMs: number | null };

type Accounts = ReturnType<typeof accountsIn>;

/** Accounts, sessions, tokens and the audit log of one cloud. All calls reject with a `DatabaseError`. */
export interface Access {
  /** Whether anybody has an account. */
  isSetUp(): Promise<boolean>;
  /** A new set-up link's secret; those of before work no more. */
  newSetupLink(): Promise<string>;
  /** Makes the first account, or one more, of a city admin. Null: the link was used, has expired, or never was. */
  setUp(
    link: string,
    account: Pick<NewAccount, 'username' | 'name'> & { password: string },
    from: string,
  ): Promise<SignIn | null>;
  /** `retryAfterMs`: null when the name or the password is wrong. Rejects with `Crowded`. */
  signIn(username: string, password: string, from: string): Promise<SignIn>;
  /** Those whom a provider of accounts vouches for. */
  identities: ReturnType<typeof identitiesIn>;
  signOut(session: string): Promise<void>;
  /** Null: it has ended, or never was. */
  session(session: string): Promise<Principal | null>;
  accounts: Accounts['accounts'];
  addAccount: Accounts['addAccount'];
  /**
   * Changes it and ends its sessions. `unknown`, too: who asks does not look after it; `beyond`: they would not look after
   * what it would become; `last`: nobody would be left who may administer.
   */
  changeAccount: Accounts['changeAccount'];
  newResetLink: Accounts['newResetLink'];
  useResetLink: Accounts['useResetLink'];
  /** The token, told this once. */
  newToken(
    token: Pick<ApiToken, 'name' | 'rights' | 'campuses' | 'expires_at' | 'created_by'>,
  ): Promise<{ token: string; entry: ApiToken }>;
  tokens(): Promise<ApiToken[]>;
  /** Whether there was one. */
  removeToken(id: number): Promise<boolean>;
  /** Null: it has expired, or never was. */
  token(token: string): Promise<Principal | null>;
  audit: Audit;
  close(): Promise<void>;
}

/** Opens (and creates) the database `access` of this process. */
export async function openAccess(parts: {
  clock: Clock;
  random: Randomness;
  databases: DatabasePort;
}): Promise<Access> {
  const { clock, random } = parts;
  const database: Database = await parts.databases.open('access', 'durable', accessSchema);
  const passwords = createPasswords(random);
  const lockout = new Lockout(clock);
  const now = () => Math.round(clock.wall());
  const secret = () => Buffer.from(random.bytes(32)).toString('base64url');
  // Once there is an account there always is one: none is ever removed.
  let setUp = false;

  const accounts = accountsIn({ database, passwords, now, secret });
  const { accountOf } = accounts;

  async function begin(username: string, address: string): Promise<SignIn> {
    const session = secret();
    await database.commit([
      { sql: 'DELETE FROM sessions WHERE created_at < ?', params: [now() - addressKnownMs] },
      {
        sql: 'INSERT INTO sessions (hash, username, address, created_at, seen_at) VALUES (?, ?, ?, ?, ?)',
        params: [hashOf(session), username, address, now(), now()],
      },
      { sql: 'UPDATE accounts SET signed_in_at = ? WHERE username = ?', params: [now(), username] },
    ]);
    return { ok: true, session, who: personOf((await accountOf(username))!) };
  }

  return {
    async isSetUp() {
      setUp ||= (await database.read('SELECT 1 AS one FROM accounts LIMIT 1')).length > 0;
      return setUp;
    },

    async newSetupLink() {
      const link = secret();
      await database.commit([
        { sql: 'DELETE FROM setup_links' },
        {
          sql: 'INSERT INTO setup_links (hash, expires_at) VALUES (?, ?)',
          params: [hashOf(link), now() + setupLinkMs],
        },
      ]);
      return link;
    },

    async setUp(link, account, from) {
      const valid = 'SELECT 1 AS one FROM setup_links WHERE hash = ? AND expires_at > ?';
      if ((await database.read(valid, [hashOf(link), now()])).length === 0) return null;
      const hash = await passwords.hash(account.password);
      const city: NewAccount = { ...account, role: 'city_admin', campuses: null };
      const add = inserted(city, hash, now());
      // Of two who use it in the same moment one finds no link any more, and that one's account is not made.
      const [made] = await database.commit([
        {
          sql: add.sql.replace(/VALUES \(([^)]*)\)$/, `SELECT $1 WHERE EXISTS (${valid})`),
          params: [...(add.params ?? []), hashOf(link), now()],
        },
        { sql: 'DELETE FROM setup_links WHERE hash = ?', params: [hashOf(link)] },
      ]);
      return made?.changes === 1 ? begin(account.username, from) : null;
    },

    async signIn(username, password, from) {
      const known =
        (
          await database.read('SELECT 1 AS one FROM sessions WHERE username = ? AND address = ? LIMIT 1', [
            username,
            from,
          ])
        ).length > 0;
      const waitMs = lockout.waitMs(username, from, known);
      if (waitMs > 0) return { ok: false, retryAfterMs: waitMs };
      // Counted before the answer is known: a hundred guesses in one moment are a hundred.
      lockout.failed(username, from);
      const account = await accountOf(username);
      const usable = account !== null && account.disabled === 0;
      if (!(await passwords.fits(password, usable ? account.password : null)))
        return { ok: false, retryAfterMs: null };
      lockout.succeeded(username, from);
      return begin(username, from);
    },

    identities: identitiesIn({ database, now, begin, unusablePassword: () => passwords.hash(secret()) }),

    async signOut(session) {
      await database.commit([
        { sql: 'UPDATE sessions SET seen_at = 0 WHERE hash = ?', params: [hashOf(session)] },
      ]);
    },

    async session(session) {
      const [row] = await database.read<AccountRow & { seen_at: number }>(
        `SELECT a.*, s.seen_at FROM sessions s JOIN accounts a ON a.username = s.username
         WHERE s.hash = ? AND s.created_at > ? AND s.seen_at > ? AND a.disabled = 0`,
        [hashOf(session), now() - sessionMostMs, now() - sessionIdleMs],
      );
      if (row === undefined) return null;
      if (now() - row.seen_at > seenEveryMs)
        await database.commit([
          { sql: 'UPDATE sessions SET seen_at = ? WHERE hash = ?', params: [now(), hashOf(session)] },
        ]);
      return personOf(row);
    },

    accounts: accounts.accounts,
    addAccount: accounts.addAccount,
    changeAccount: accounts.changeAccount,
    newResetLink: accounts.newResetLink,
    useResetLink: accounts.useResetLink,

    async newToken({ name, rights, campuses, expires_at, created_by }) {
      const token = `belfry_${secret()}`;
      const [made] = await database.commit([
        {
          sql: `INSERT INTO tokens (hash, name, rights, campuses, created_by, created_at, expires_at)
                VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING *`,
          params: [
            hashOf(token),
            name,
            JSON.stringify(rights),
            campuses === null ? null : JSON.stringify(campuses),
            created_by,
            now(),
            expires_at,
          ],
        },
      ]);
      return { token, entry: tokenShown(made!.rows[0] as TokenRow) };
    },

    async tokens() {
      return (await database.read<TokenRow>('SELECT * FROM tokens ORDER BY id DESC')).map(tokenShown);
    },

    async removeToken(id) {
      const [removed] = await database.commit([{ sql: 'DELETE FROM tokens WHERE id = ?', params: [id] }]);
      return removed?.changes === 1;
    },

    async token(token) {
      const [row] = await database.read<TokenRow>(
        'SELECT * FROM tokens WHERE hash = ? AND (expires_at IS NULL OR expires_at > ?)',
        [hashOf(token), now()],
      );
      if (row === undefined) return null;
      if (now() - (row.used_at ?? 0) > seenEveryMs)
        await database.commit([
          { sql: 'UPDATE tokens SET used_at = ? WHERE id = ?', params: [now(), row.id] },
        ]);
      const { name, rights, campuses } = tokenShown(row);
      return { kind: 'token', name, username: null, role: null, rights, campuses };
    },

    audit: auditIn(database, now),
    close: () => database.close(),
  };
}

type TokenRow = Row & Omit<ApiToken, 'rights' | 'campuses'> & { rights: string; campuses: string | null };

function tokenShown({
  id,
  name,
  rights,
  campuses,
  created_by,
  created_at,
  expires_at,
  used_at,
}: TokenRow): ApiToken {
  const listed = JSON.parse(rights) as Right[];
  return {
    id,
    name,
    rights: listed,
    campuses: scopeOf(campuses),
    created_by,
    created_at,
    expires_at,
    used_at,
  };
}
