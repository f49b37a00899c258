import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import * as oidc from 'openid-client';
import type { HttpPort } from '#platform/http.ts';
import type { Clock, Randomness } from '#platform/ports.ts';
import { id } from '#protocols/signal.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';
import type { OidcConfig } from './config.ts';
import type { Identity } from './identities.ts';

export const callbackPath = '/api/v1/session/sso/callback';
/** A person has so long to sign in at the provider. */
export const ticketMs = 600_000;
/** Sign-ins under way; beyond it the oldest must begin anew. */
const underWayLimit = 1_000;
const timeoutMs = 10_000;
const answerBytes = 1_000_000;

/** The provider vouches for them, and none of the roles here is theirs. */
export class NoRole extends Error {
  readonly subject: string;
  constructor(subject: string) {
    super('none of the roles is theirs');
    this.subject = subject;
  }
}

/** Sign-in with an organisation's own accounts (OpenID Connect: authorisation code, PKCE, state and nonce). */
export interface SingleSignOn {
  readonly name: Bilingual;
  readonly issuer: string;
  /** Where the browser is sent, and the ticket that it must bring back. Rejects when the provider does not answer. */
  begin(): Promise<{ url: string; ticket: string }>;
  /**
   * `query`: what the provider sent the browser back with. Each ticket works once. Rejects with a sentence when
   * anything of it is not right, with `NoRole` when it is and they have no role here.
   */
  finish(query: string, ticket: string | null): Promise<Identity>;
}

interface UnderWay {
  ticket: string;
  nonce: string;
  verifier: string;
  /** Monotonic. */
  until: number;
}

export function singleSignOn(
  config: OidcConfig,
  { clock, random, http }: { clock: Clock; random: Randomness; http: HttpPort },
): SingleSignOn {
  const redirect = new URL(callbackPath, config.public_url).href;
  const secret = () => Buffer.from(random.bytes(32)).toString('base64url');
  const underWay = new Map<string, UnderWay>();
  let provider: Promise<oidc.Configuration> | null = null;

  function discovered(): Promise<oidc.Configuration> {
    provider ??= oidc
      .discovery(
        new URL(config.issuer),
        config.client_id,
        config.client_secret,
        config.client_secret === undefined ? oidc.None() : oidc.ClientSecretBasic(config.client_secret),
        {
          [oidc.customFetch]: fetchOver(http),
          timeout: timeoutMs / 1000,
          execute: [
            // By itself the library trusts TLS to the token endpoint and looks at no signature.
            oidc.enableNonRepudiationChecks,
            // The configuration lets plain HTTP through on loopback alone.
            ...(config.issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : []),
          ],
        },
      )
      .catch((error: unknown) => {
        provider = null;
        throw error;
      });
    return provider;
  }

  return {
    name: config.name,
    issuer: config.issuer,

    async begin() {
      const at = await discovered();
      const [state, nonce, verifier, ticket] = [secret(), secret(), secret(), secret()];
      const now = clock.monotonic();
      for (const [key, { until }] of underWay) {
        if (until > now && underWay.size < underWayLimit) break;
        underWay.delete(key);
      }
      underWay.set(state, { ticket: hashOf(ticket), nonce, verifier, until: now + ticketMs });
      const url = oidc.buildAuthorizationUrl(at, {
        redirect_uri: redirect,
        scope: config.scopes.join(' '),
        state,
        nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      });
      return { url: url.href, ticket };
    },

    async finish(query, ticket) {
      const state = new URLSearchParams(query).get('state') ?? '';
      const begun = underWay.get(state);
      underWay.delete(state);
      if (begun === undefined || begun.until <= clock.monotonic())
        throw new Error('this sign-in was not begun here, was used, or took too long');
      // Or somebody could sign a stranger's browser in as themselves (RFC 6749, 10.12).
      if (ticket === null || hashOf(ticket) !== begun.ticket)
        throw new Error('this sign-in was begun in another browser');
      const at = await discovered();
      const tokens = await oidc.authorizationCodeGrant(at, new URL(`${redirect}?${query}`), {
        expectedState: state,
        expectedNonce: begun.nonce,
        pkceCodeVerifier: begun.verifier,
        idTokenExpected: true,
      });
      const vouched = tokens.claims()!;
      // Many providers tell groups at their userinfo endpoint only.
      const more =
        at.serverMetadata().userinfo_endpoint === undefined
          ? {}
          : await oidc.fetchUserInfo(at, tokens.access_token, vouched.sub);
      return identityOf({ ...more, ...vouched }, vouched.sub, config);
    },
  };
}

/** Who the claims say that somebody is here. Throws `NoRole`, or an `Error` when a claim is missing. */
export function identityOf(claims: object, subject: string, config: OidcConfig): Identity {
  const found = config.roles.find(({ claim, has }) => listOf(valueOf(claims, claim)).includes(has));
  if (found === undefined) throw new NoRole(subject);
  const username = valueOf(claims, config.username_claim);
  if (typeof username !== 'string' || username === '')
    throw new Error(`the provider tells no ${config.username_claim}`);
  const name = valueOf(claims, config.name_claim);
  const given = config.campuses_claim === undefined ? null : listOf(valueOf(claims, config.campuses_claim));
  // A claim that is not there means none, never all.
  const told = given?.filter((campus) => id.safeParse(campus).success) ?? null;
  return {
    issuer: config.issuer,
    subject,
    username,
    name: (typeof name === 'string' && name.trim() !== '' ? name.trim() : username).slice(0, 100),
    role: found.role,
    campuses: found.campuses === undefined ? told : found.campuses,
  };
}

/** `a.b`: the claim of that name, else `b` within `a`. */
function valueOf(claims: object, path: string): unknown {
  if (Object.hasOwn(claims, path)) return (claims as Record<string, unknown>)[path];
  const [first = '', ...rest] = path.split('.');
  const inner = Object.hasOwn(claims, first) ? (claims as Record<string, unknown>)[first] : undefined;
  return rest.length > 0 && typeof inner === 'object' && inner !== null
    ? valueOf(inner, rest.join('.'))
    : undefined;
}

function listOf(value: unknown): string[] {
  const values = Array.isArray(value) ? value : [value];
  return values.flatMap((one) => (typeof one === 'string' || typeof one === 'boolean' ? [String(one)] : []));
}

const hashOf = (ticket: string) => createHash('sha256').update(ticket).digest('hex');

/** The library's requests by our port. */
function fetchOver(http: HttpPort): oidc.CustomFetch {
  return async (url, { method, headers, body }) => {
    const answer = await http.request({
      method: method === 'POST' ? 'POST' : 'GET',
      url,
      headers,
      ...(body != null && { body: String(body) }),
      timeoutMs,
      maxBytes: answerBytes,
    });
    if (answer.cut) throw new Error(`the provider's answer is longer than ${answerBytes} bytes`);
    const bodiless = answer.status === 204 || answer.status === 304;
    return new Response(bodiless ? null : answer.body, { status: answer.status, headers: answer.headers });
  };
}
