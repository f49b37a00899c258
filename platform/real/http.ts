import { Buffer } from 'node:buffer';
import type { HttpPort } from '../http.ts';

/** HTTP by the runtime's own client. */
export const realHttp: HttpPort = {
  async request({ method, url, headers, body, timeoutMs, maxBytes }) {
    // Its bytes are in memory of this process alone, as fetch wants to know.
    const init: RequestInit = { method, headers, body: body as BodyInit, redirect: 'manual' };
    const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) });
    const chunks: Uint8Array[] = [];
    let size = 0;
    let cut = false;
    for await (const chunk of answer.body ?? []) {
      chunks.push(chunk as Uint8Array);
      size += (chunk as Uint8Array).length;
      cut = size > maxBytes;
      // Leaving the loop cancels the rest.
      if (cut) break;
    }
    return {
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8'),
      cut,
    };
  },
};
