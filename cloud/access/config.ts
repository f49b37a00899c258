import { z } from 'zod';
import { campusScope, role } from '#protocols/api-access.ts';
import { bilingual } from '#protocols/messages/bilingual.ts';

const loopback = /^http:\/\/(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?(\/|$)/;
/** Tokens and passwords cross it. */
const secureUrl = z
  .url({ protocol: /^https?$/, error: 'expected an https:// URL' })
  .refine(
    (url) => url.startsWith('https://') || loopback.test(url),
    'expected https:// (http:// on loopback only)',
  );
const claim = z.string().min(1).max(200);

const oidc = z.strictObject({
  /** As the provider's discovery document names it. */
  issuer: secureUrl,
  client_id: z.string().min(1),
  /** Left out: a public client, held by PKCE alone. */
  client_secret: z.string().min(1).optional(),
  /** What the button says. */
  name: bilingual.strict(),
  /** How browsers reach this cloud; the provider is told `…/api/v1/session/sso/callback` below it. */
  public_url: secureUrl,
  scopes: z.array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/)).default(['openid', 'profile']),
  username_claim: claim.default('preferred_username'),
  name_claim: claim.default('name'),
  /** A list of campus ids; of the roles that name none of their own. Left out: all campuses. */
  campuses_claim: claim.optional(),
  /** The first that fits. Who has none of these does not get in. */
  roles: z
    .array(
      z.strictObject({
        /** `groups`, or `realm_access.roles` for one within another. */
        claim,
        /** The value itself, or one of its list. */
        has: z.string().min(1),
        role,
        campuses: campusScope.optional(),
      }),
    )
    .min(1),
});
export type OidcConfig = z.infer<typeof oidc>;

/** How people sign in besides with accounts of this cloud. */
export const signInConfig = z.strictObject({ oidc: oidc.optional() });
