import { z } from 'zod';
import { bilingual } from './messages/bilingual.ts';
import { id } from './signal.ts';

/**
 * What somebody may do. Each route of the API declares the one that it needs. `accounts`: looks after the people of
 * their own campuses, in lower roles than their own; `administer`: after everything.
 */
export const right = z.enum([
  'view',
  'act',
  'pictures',
  'cards',
  'audit',
  'configure',
  'accounts',
  'administer',
]);
export type Right = z.infer<typeof right>;

export const role = z.enum(['viewer', 'operator', 'campus_admin', 'city_admin']);
export type Role = z.infer<typeof role>;

/** Each role and its rights: pictures of pupils and card numbers only for who needs them. */
export const rightsOf: Record<Role, readonly Right[]> = {
  viewer: ['view'],
  operator: ['view', 'act', 'pictures'],
  campus_admin: ['view', 'act', 'pictures', 'cards', 'audit', 'configure', 'accounts'],
  city_admin: right.options,
};

/** The campuses that somebody sees; null: all, those of tomorrow included. */
export const campusScope = z.array(id).max(1000).nullable();

export const username = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._@-]{0,63}$/, 'use small letters, digits and . _ @ - (64 at most)');
/** NIST SP 800-63B-4, 3.1.1.2: length counts, rules of composition do not. */
export const password = z.string().min(12, 'use at least 12 characters').max(256);
export const personName = z.string().trim().min(1).max(100);

export const apiAccount = z.object({
  username,
  /** What others read; acts are logged under it. */
  name: personName,
  role,
  campuses: campusScope,
  disabled: z.boolean(),
  /** Signs in with an organisation's own account, and has no password here. */
  vouched: z.boolean(),
  created_at: z.int(),
  signed_in_at: z.int().nullable(),
});
export type ApiAccount = z.infer<typeof apiAccount>;

export const newAccount = z.strictObject({
  username,
  name: personName,
  /** Left out: a link of the account sets the first one. */
  password: password.optional(),
  role,
  campuses: campusScope.default(null),
});
export const accountChange = z.strictObject({
  name: personName.optional(),
  password: password.optional(),
  role: role.optional(),
  campuses: campusScope.optional(),
  disabled: z.boolean().optional(),
});

/** Who asks, for the console: what it may show and offer. */
export const apiSession = z.object({
  /** False: nobody has an account yet, and this machine may read without one. */
  set_up: z.boolean(),
  /** Where a button of that name leads, to sign in with an organisation's own account; null: there is none. */
  single_sign_on: z.object({ name: bilingual, url: z.string() }).nullable(),
  /** Null: nobody is signed in. `local`: whoever holds the local token; `open`: before the set-up. */
  who: z
    .object({
      kind: z.enum(['person', 'token', 'local', 'open']),
      name: z.string(),
      username: username.nullable(),
      role: role.nullable(),
      rights: z.array(right),
      campuses: campusScope,
    })
    .nullable(),
});
export type ApiSession = z.infer<typeof apiSession>;

/** A token of the API. The token itself is told once, when it is made. */
export const apiToken = z.object({
  id: z.int(),
  name: personName,
  rights: z.array(right),
  campuses: campusScope,
  created_by: z.string(),
  created_at: z.int(),
  expires_at: z.int().nullable(),
  used_at: z.int().nullable(),
});
export type ApiToken = z.infer<typeof apiToken>;

/** One action: who did what from where, and what came of it. */
export const apiAuditEntry = z.object({
  id: z.int(),
  at: z.int(),
  kind: z.enum(['person', 'token', 'local', 'open', 'nobody']),
  who: z.string(),
  /** The address that asked. */
  from: z.string(),
  /** Method and route. */
  what: z.string(),
  /** What it was about: the parts of the path, and what the route adds. */
  about: z.record(z.string(), z.unknown()),
  /** HTTP status of the answer. */
  outcome: z.int(),
});
export type ApiAuditEntry = z.infer<typeof apiAuditEntry>;
