import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

const text = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

function jwt(claims: object, key: KeyObject, kid: string): string {
  const signed = `${text({ alg: 'RS256', typ: 'JWT', kid })}.${text(claims)}`;
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), key).toString('base64url')}`;
}

async function bodyOf(request: IncomingMessage): Promise<URLSearchParams> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return new URLSearchParams(body);
}

/**
 * A small OpenID provider on loopback: discovery, authorisation code with PKCE (S256), RS256 tokens, userinfo. It holds
 * the client to what the standards ask for. `who` signs in whenever somebody is sent there.
 */
export async function startIssuer() {
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const codes = new Map<string, URLSearchParams>();
  const issuer = {
    url: '',
    client: { id: 'belfry', secret: 'the secret of the client' },
    who: { sub: 'u-1', preferred_username: 'Wang', name: '王老师' } as Record<string, unknown>,
    /** Told at userinfo only. */
    groups: ['belfry-operators'],
    /** What a test wants wrong in the ID token. */
    forge: {} as Record<string, unknown>,
    forgedKey: false,
    asked: [] as string[],
    close: async () => {},
    /** As a browser does: follows the link, signs in, and returns where it is sent back to. */
    async visit(url: string): Promise<URL> {
      const answer = await fetch(url, { redirect: 'manual' });
      if (answer.status !== 302) throw new Error(`the issuer says ${answer.status}: ${await answer.text()}`);
      return new URL(answer.headers.get('location')!);
    },
  };
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url!, issuer.url);
    issuer.asked.push(pathname);
    const json = (value: object, status = 200) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    const refuse = (why: string) => json({ error: 'invalid_request', error_description: why }, 400);
    if (pathname === '/.well-known/openid-configuration') {
      return json({
        issuer: issuer.url,
        authorization_endpoint: `${issuer.url}/authorize`,
        token_endpoint: `${issuer.url}/token`,
        jwks_uri: `${issuer.url}/jwks`,
        userinfo_endpoint: `${issuer.url}/userinfo`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
        code_challenge_methods_supported: ['S256'],
        authorization_response_iss_parameter_supported: true,
      });
    }
    if (pathname === '/jwks') {
      const key = keys.publicKey.export({ format: 'jwk' });
      return json({ keys: [{ ...key, kid: 'k1', use: 'sig', alg: 'RS256' }] });
    }
    if (pathname === '/authorize') {
      for (const wanted of ['state', 'nonce', 'code_challenge', 'redirect_uri'])
        if (!searchParams.get(wanted)) return refuse(`${wanted} is missing`);
      if (searchParams.get('code_challenge_method') !== 'S256') return refuse('S256 only');
      if (!searchParams.get('scope')?.split(' ').includes('openid')) return refuse('openid is missing');
      const code = `code-${codes.size}`;
      codes.set(code, searchParams);
      const back = new URL(searchParams.get('redirect_uri')!);
      back.search = new URLSearchParams({
        code,
        state: searchParams.get('state')!,
        iss: issuer.url,
      }).toString();
      return response.writeHead(302, { location: back.href }).end();
    }
    if (pathname === '/token') {
      const body = await bodyOf(request);
      const begun = codes.get(body.get('code') ?? '');
      codes.delete(body.get('code') ?? '');
      const [id, secret] = Buffer.from((request.headers.authorization ?? '').slice(6), 'base64')
        .toString()
        .split(':')
        .map((part) => decodeURIComponent(part.replaceAll('+', ' ')));
      if (id !== issuer.client.id || secret !== issuer.client.secret)
        return json({ error: 'invalid_client' }, 401);
      if (begun === undefined || body.get('redirect_uri') !== begun.get('redirect_uri'))
        return refuse('no such code');
      const challenge = createHash('sha256')
        .update(body.get('code_verifier') ?? '')
        .digest('base64url');
      if (challenge !== begun.get('code_challenge')) return refuse('the verifier is wrong');
      const now = Math.floor(Date.now() / 1000);
      const claims = {
        iss: issuer.url,
        aud: issuer.client.id,
        iat: now,
        exp: now + 300,
        nonce: begun.get('nonce'),
        ...issuer.who,
        ...issuer.forge,
      };
      const key = issuer.forgedKey ? stranger.privateKey : keys.privateKey;
      return json({ access_token: 'a', token_type: 'Bearer', id_token: jwt(claims, key, 'k1') });
    }
    if (pathname === '/userinfo' && request.headers.authorization === 'Bearer a')
      return json({ sub: issuer.who.sub, groups: issuer.groups });
    return json({ error: 'not found' }, 404);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  issuer.close = () => new Promise((resolve) => server.close(() => resolve()));
  return issuer;
}
