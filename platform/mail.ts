/** A server that takes mail (RFC 6409). */
export interface MailServer {
  host: string;
  port: number;
  /** `tls`: from the first byte; `starttls`: asked for, and nothing is said without it; `none`: in the clear. */
  security: 'tls' | 'starttls' | 'none';
  login?: { username: string; password: string } | undefined;
}

export interface Mail {
  from: string;
  to: readonly string[];
  subject: string;
  text: string;
  /** The same in every try, so that a receiver shows a repeat once. */
  messageId: string;
  urgent: boolean;
}

/** One mail handed to one server; no retries. */
export interface MailPort {
  /**
   * Resolves with the server's own words. Rejects with an `Error` when it could not be reached, did not take the mail
   * for every receiver, or had not answered after `timeoutMs`.
   */
  send(server: MailServer, mail: Mail, timeoutMs: number): Promise<string>;
}
