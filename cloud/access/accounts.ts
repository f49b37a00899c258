import { createHash } from 'node:crypto';
import type { Database, Row, Statement } from '#platform/ports.ts';
import {
  type accountChange,
  type ApiAccount,
  type newAccount,
  rightsOf,
  type Role,
} from '#protocols/api-access.ts';
import type { z } from 'zod';
import type { Passwords } from './passwords.ts';
import type { Principal } from './principal.ts';

export const resetLinkMs = 24 * 3_600_000;

export type NewAccount = z.infer<typeof newAccount>;
type Change = z.infer<typeof accountChange>;
/** Whether who asks looks after such an account. */
export type May = (account: ApiAccount) => boolean;

export type AccountRow = Row & {
  username: string;
  name: string;
  role: Role;
  campuses: string | null;
  password: string;
  disabled: number;
  created_at: number;
  signed_in_at: number | null;
};

interface Parts {
  database: Database;
  passwords: Passwords;
  now(): number;
  /** 256 bits of chance, as text. */
  secret(): string;
}

/** Accounts, and the links by which their owners choose a password. All calls reject with a `DatabaseError`. */
export function accountsIn({ database, passwords, now, secret }: Parts) {
  type Listed = AccountRow & { vouched: number };
  const listed = `SELECT *, EXISTS (SELECT 1 FROM identities i WHERE i.username = accounts.username) AS vouched FROM accounts`;

  async function accountOf(username: string): Promise<Listed | null> {
    const [row] = await database.read<Listed>(`${listed} WHERE username = ?`, [username]);
    return row ?? null;
  }

  async function changeAccount(
    username: string,
    change: Change,
    may: May = () => true,
  ): Promise<ApiAccount | 'unknown' | 'beyond' | 'last'> {
    const account = await accountOf(username);
    if (account === null || !may(accountShown(account))) return 'unknown';
    const next = {
      name: change.name ?? account.name,
      role: change.role ?? account.role,
      campuses: change.campuses === undefined ? account.campuses : scopeText(change.campuses),
      disabled: change.disabled ?? account.disabled === 1,
      password: change.password === undefined ? account.password : await passwords.hash(change.password),
    };
    if (!may({ ...accountShown(account), ...next, campuses: scopeOf(next.campuses) })) return 'beyond';
    // Judged in the statement itself, so that two who take the right from each other cannot both succeed.
    const others = `SELECT 1 FROM accounts WHERE username <> ? AND role = 'city_admin' AND campuses IS NULL AND disabled = 0`;
    const did = account.role === 'city_admin' && account.campuses === null && account.disabled === 0;
    const administers = next.role === 'city_admin' && next.campuses === null && !next.disabled;
    const [changed] = await database.commit([
      {
        // Only what was judged above is changed: whoever was raised meanwhile is judged anew.
        sql: `UPDATE accounts SET name = ?, role = ?, campuses = ?, disabled = ?, password = ?
              WHERE username = ? AND role = ? AND campuses IS ? AND (? OR EXISTS (${others}))`,
        params: [
          next.name,
          next.role,
          next.campuses,
          next.disabled,
          next.password,
          username,
          account.role,
          account.campuses,
          administers || !did,
          username,
        ],
      },
      { sql: 'UPDATE sessions SET seen_at = 0 WHERE username = ? AND changes() > 0', params: [username] },
      // A link that was made for somebody's lower role opens no higher one.
      { sql: 'DELETE FROM reset_links WHERE username = ?', params: [username] },
    ]);
    const after = (await accountOf(username))!;
    if (changed?.changes === 1) return accountShown(after);
    const same = after.role === account.role && after.campuses === account.campuses;
    return same ? 'last' : changeAccount(username, change, may);
  }

  return {
    accountOf,
    changeAccount,

    async accounts() {
      return (await database.read<Listed>(`${listed} ORDER BY username`)).map(accountShown);
    },

    /** Null: there is one of that name. Without a password nobody gets in until a link has set one. */
    async addAccount(account: NewAccount): Promise<ApiAccount | null> {
      const hash = await passwords.hash(account.password ?? secret());
      const { sql, params = [] } = inserted(account, hash, now());
      const [made] = await database.commit([{ sql: `${sql} ON CONFLICT (username) DO NOTHING`, params }]);
      return made?.changes === 1 ? accountShown((await accountOf(account.username))!) : null;
    },

    /**
     * A new link's secret, by which its owner chooses a password; the one of before works no more. `vouched`: they sign
     * in with an organisation's own account, and have no password here.
     */
    async newResetLink(
      username: string,
      may: May = () => true,
    ): Promise<{ link: string; expires_at: number } | 'unknown' | 'disabled' | 'vouched'> {
      const account = await accountOf(username);
      if (account === null || !may(accountShown(account))) return 'unknown';
      if (account.disabled === 1) return 'disabled';
      if (account.vouched === 1) return 'vouched';
      const link = secret();
      const expiresAt = now() + resetLinkMs;
      const [, made] = await database.commit([
        { sql: 'DELETE FROM reset_links WHERE username = ? OR expires_at <= ?', params: [username, now()] },
        {
          sql: `INSERT INTO reset_links (hash, username, expires_at)
                SELECT ?, username, ? FROM accounts WHERE username = ? AND role = ? AND campuses IS ?`,
          params: [hashOf(link), expiresAt, username, account.role, account.campuses],
        },
      ]);
      return made?.changes === 1 ? { link, expires_at: expiresAt } : 'unknown';
    },

    /** Sets the password by a link, once, and ends all sessions. The account's name; null: the link opens nothing. */
    async useResetLink(link: string, password: string): Promise<string | null> {
      const valid = `SELECT l.username FROM reset_links l JOIN accounts a ON a.username = l.username
                     WHERE l.hash = ? AND l.expires_at > ? AND a.disabled = 0`;
      const [found] = await database.read<Row & { username: string }>(valid, [hashOf(link), now()]);
      if (found === undefined) return null;
      const [changed] = await database.commit([
        {
          sql: `UPDATE accounts SET password = ? WHERE username IN (${valid})`,
          params: [await passwords.hash(password), hashOf(link), now()],
        },
        {
          sql: 'UPDATE sessions SET seen_at = 0 WHERE username = ? AND changes() > 0',
          params: [found.username],
        },
        { sql: 'DELETE FROM reset_links WHERE hash = ?', params: [hashOf(link)] },
      ]);
      return changed?.changes === 1 ? found.username : null;
    },
  };
}

export function inserted(account: NewAccount, hash: string, at: number): Statement {
  return {
    sql: `INSERT INTO accounts (username, name, role, campuses, password, created_at) VALUES (?, ?, ?, ?, ?, ?)`,
    params: [account.username, account.name, account.role, scopeText(account.campuses), hash, at],
  };
}

/** Secrets of ours have 256 bits of chance: a plain hash is enough. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

export const scopeOf = (text: string | null) => (text === null ? null : (JSON.parse(text) as string[]));
const scopeText = (campuses: string[] | null) => (campuses === null ? null : JSON.stringify(campuses));

function accountShown(row: AccountRow & { vouched: number }): ApiAccount {
  const { username, name, role, campuses, disabled, created_at, signed_in_at, vouched } = row;
  return {
    username,
    name,
    role,
    campuses: scopeOf(campuses),
    disabled: disabled === 1,
    vouched: vouched === 1,
    created_at,
    signed_in_at,
  };
}

export function personOf({ name, username, role, campuses }: AccountRow): Principal {
  return { kind: 'person', name, username, role, rights: rightsOf[role], campuses: scopeOf(campuses) };
}
