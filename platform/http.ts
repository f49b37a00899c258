export interface HttpRequest {
  method: 'GET' | 'POST';
  url: string;
  headers?: Record<string, string>;
  body?: string;
  /** For the whole exchange, body included. */
  timeoutMs: number;
  /** Bytes of the answer that are kept; a longer one is cut off, and `cut` says so. */
  maxBytes: number;
}

export interface HttpAnswer {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: string;
  cut: boolean;
}

/** One HTTP exchange; no redirects, no retries. Rejects when no answer came in time. */
export interface HttpPort {
  request(request: HttpRequest): Promise<HttpAnswer>;
}
