export interface HttpRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  url: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** For the whole exchange, body included. */
  timeoutMs: number;
  /** Bytes of the answer that are kept; a longer one is cut off, and `cut` says so. */
  maxBytes: number;
}

export interface HttpAnswer {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  /** As UTF-8. */
  body: string;
  cut: boolean;
}

/**
 * One HTTP exchange; no redirects, no retries. Rejects with an error named `TimeoutError` when the whole answer was
 * not there in time, and with any other when there was nobody to ask or the connection broke.
 */
export interface HttpPort {
  request(request: HttpRequest): Promise<HttpAnswer>;
}
