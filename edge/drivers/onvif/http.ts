import http from 'node:http';
import https from 'node:https';

export interface HttpRequest {
  method: 'GET' | 'POST';
  /** Path and query on the camera. */
  path: string;
  headers: Record<string, string | number>;
  body?: Uint8Array;
}

export interface HttpAnswer {
  status: number;
  /** Name, value, name, value, as they came. */
  rawHeaders: string[];
  body: Uint8Array;
}

export interface Bounds {
  /** Cuts the exchange off wherever it is. */
  deadline: AbortSignal;
  bodyBytes: number;
  /** Called when the TCP connection is there. */
  onConnect?: () => void;
}

/**
 * One HTTP exchange with one camera that cannot last longer than its deadline nor bring more bytes than its
 * bound, whatever the camera does. The origin is ours: no address that the camera names is ever asked, and
 * redirects are not followed. Rejects with the reason in a few words.
 */
export function exchange(origin: URL, request: HttpRequest, bounds: Bounds): Promise<HttpAnswer> {
  const { deadline, bodyBytes } = bounds;
  return new Promise((resolve, reject) => {
    let reached = false;
    const fail = (message: string) => {
      reject(new Error(message));
      req.destroy();
    };
    const client = origin.protocol === 'https:' ? https : http;
    const req = client.request(origin, {
      path: request.path,
      method: request.method,
      headers: request.headers,
      agent: false,
      // Cameras sign their own certificates.
      rejectUnauthorized: false,
      maxHeaderSize: 16_384,
    });
    const cutOff = () => fail(reached ? 'it took too long' : 'no connection within the time');
    deadline.addEventListener('abort', cutOff, { once: true });
    req.once('close', () => deadline.removeEventListener('abort', cutOff));
    req.once('socket', (socket) =>
      socket.once('connect', () => {
        reached = true;
        bounds.onConnect?.();
      }),
    );
    req.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    req.once('response', (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > bodyBytes) fail(`the answer is larger than ${bodyBytes} bytes`);
        else chunks.push(chunk);
      });
      response.on('error', (error) => fail(error.message));
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          rawHeaders: response.rawHeaders,
          body: Buffer.concat(chunks, length),
        }),
      );
    });
    if (deadline.aborted) cutOff();
    else req.end(request.body);
  });
}
