import type { Database, Row } from '#platform/ports.ts';
import { type Role, username as usernameSchema } from '#protocols/api-access.ts';
import type { SignIn } from './access.ts';

/** Somebody as the provider of an organisation's accounts vouches for them. */
export interface Identity {
  issuer: string;
  /** The provider's own name of the person, which never changes hands. */
  subject: string;
  username: string;
  name: string;
  role: Role;
  campuses: readonly string[] | null;
}

/** `disabled`: its account is, here. `taken`: another account has the name. */
export type Entry = Extract<SignIn, { ok: true }> | 'disabled' | 'taken';

interface Parts {
  database: Database;
  now(): number;
  /** A hash that no password fits. */
  unusablePassword(): Promise<string>;
  begin(username: string, address: string): Promise<SignIn>;
}

/**
 * Lets in whom the provider vouches for. An account of before is never theirs because of its name: what ties the two is
 * issuer and subject. Role and campuses are those of this sign-in.
 */
export function identitiesIn({ database, now, unusablePassword, begin }: Parts) {
  async function accountOf({ issuer, subject }: Pick<Identity, 'issuer' | 'subject'>) {
    const [row] = await database.read<Row & { username: string; disabled: number }>(
      `SELECT a.username, a.disabled FROM identities i JOIN accounts a ON a.username = i.username
       WHERE i.issuer = ? AND i.subject = ?`,
      [issuer, subject],
    );
    return row ?? null;
  }

  /** Null: both of its names are another's. */
  async function make(identity: Identity): Promise<string | null> {
    const plain = identity.username.toLowerCase();
    const { host } = new URL(identity.issuer);
    const password = await unusablePassword();
    for (const wanted of [plain, `${plain}@${host}`.replaceAll(':', '-')]) {
      if (!usernameSchema.safeParse(wanted).success) continue;
      await database.commit([
        {
          sql: `INSERT INTO accounts (username, name, role, campuses, password, created_at)
                SELECT ?, ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM identities WHERE issuer = ? AND subject = ?)
                ON CONFLICT (username) DO NOTHING`,
          params: [
            wanted,
            identity.name,
            identity.role,
            scopeText(identity),
            password,
            now(),
            identity.issuer,
            identity.subject,
          ],
        },
        {
          sql: `INSERT INTO identities (issuer, subject, username) SELECT ?, ?, ? WHERE changes() = 1
                ON CONFLICT (issuer, subject) DO NOTHING`,
          params: [identity.issuer, identity.subject, wanted],
        },
      ]);
      const account = await accountOf(identity);
      if (account !== null) return account.username;
    }
    return null;
  }

  return {
    async enter(identity: Identity, from: string): Promise<Entry> {
      const account = await accountOf(identity);
      if (account?.disabled === 1) return 'disabled';
      const username = account?.username ?? (await make(identity));
      if (username === null) return 'taken';
      const { name, role } = identity;
      const campuses = scopeText(identity);
      await database.commit([
        {
          sql: `UPDATE accounts SET name = ?, role = ?, campuses = ?
                WHERE username = ? AND (name, role, campuses) IS NOT (?, ?, ?)`,
          params: [name, role, campuses, username, name, role, campuses],
        },
        // What they may do has changed: their other sessions end.
        { sql: 'UPDATE sessions SET seen_at = 0 WHERE username = ? AND changes() > 0', params: [username] },
      ]);
      return (await begin(username, from)) as Extract<SignIn, { ok: true }>;
    },

    /** The provider gives them no role any more: their sessions end. */
    async leave(issuer: string, subject: string): Promise<void> {
      const account = await accountOf({ issuer, subject });
      if (account === null) return;
      await database.commit([
        { sql: 'UPDATE sessions SET seen_at = 0 WHERE username = ?', params: [account.username] },
      ]);
    },
  };
}

const scopeText = ({ campuses }: Identity) => (campuses === null ? null : JSON.stringify(campuses));
