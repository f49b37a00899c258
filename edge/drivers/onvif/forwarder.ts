import http from 'node:http';
import { type Duplex, duplexPair } from 'node:stream';
import { challengesOf } from './digest.ts';
import { type Bounds, exchange } from './http.ts';
import { refusalOf } from './xml.ts';

/** What the camera did, which the SOAP library does not tell: it swallows or renames most of it. */
export interface Seen {
  /** A TCP connection was made. */
  reached: boolean;
  /** An HTTP answer came, whatever it said. */
  answered: boolean;
  /** The last answer refused the login (401, or the fault ter:NotAuthorized). */
  denied: boolean;
  /** Why the last exchange failed before a whole, sound answer was there. */
  failure: string | null;
}

export interface Forwarder {
  agent: http.Agent;
  seen: Seen;
}

/**
 * An HTTP agent for a client that knows no bounds: what it sends ends in a server of this process (over a pair
 * of streams, no port is opened), which has the exchange with the camera under our deadline, byte limit and
 * XML check, and hands back only what passed. Whatever address the client asks for, it reaches `origin` only.
 */
export function forwarderTo(origin: URL, bounds: Bounds): Forwarder {
  const seen: Seen = { reached: false, answered: false, denied: false, failure: null };
  const server = http.createServer((request, response) => {
    answer(request).then(
      ({ status, headers, body }) => {
        response.writeHead(status, headers);
        response.end(body);
      },
      (error: unknown) => {
        seen.failure = (error as Error).message;
        response.destroy();
      },
    );
  });

  async function answer(request: http.IncomingMessage) {
    seen.denied = false;
    seen.failure = null;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const forwarded: Record<string, string> = {};
    for (const name of ['content-type', 'authorization'] as const) {
      const value = request.headers[name];
      if (value) forwarded[name] = value;
    }
    const body = Buffer.concat(chunks);
    const {
      status,
      rawHeaders,
      body: answered,
    } = await exchange(
      origin,
      {
        method: 'POST',
        path: request.url ?? '/',
        headers: { ...forwarded, 'content-length': body.length },
        body,
      },
      { ...bounds, onConnect: () => (seen.reached = true) },
    );
    seen.answered = true;
    seen.denied = status === 401 || /NotAuthorized/i.test(Buffer.from(answered).toString('latin1'));
    const refusal = status === 401 ? null : refusalOf(answered);
    if (refusal) throw new Error(refusal);
    // The page that comes with a 401 is of no use to anyone.
    return {
      status,
      headers: challengesOf(rawHeaders).flatMap((challenge) => ['WWW-Authenticate', challenge]),
      body: status === 401 ? new Uint8Array() : answered,
    };
  }

  const agent = new http.Agent({ keepAlive: false });
  agent.createConnection = () => {
    const [ours, theirs] = duplexPair();
    server.emit('connection', theirs);
    return likeSocket(ours);
  };
  return { agent, seen };
}

/** The client sets its idle time-out on the socket; the deadline of the forwarder stands in for that. */
function likeSocket(stream: Duplex): Duplex {
  const self = () => stream;
  return Object.assign(stream, { setTimeout: self, setNoDelay: self, setKeepAlive: self });
}
