import { createTransport } from 'nodemailer';
import type { MailPort } from '../mail.ts';

/** Mail by nodemailer, one connection for each. */
export const realMail: MailPort = {
  async send({ host, port, security, login }, { from, to, subject, text, messageId, urgent }, timeoutMs) {
    const transport = createTransport({
      host,
      port,
      secure: security === 'tls',
      requireTLS: security === 'starttls',
      ignoreTLS: security === 'none',
      ...(login && { auth: { user: login.username, pass: login.password } }),
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      // A text of ours never stands for a file or a page.
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    try {
      const sent = await transport.sendMail({
        from,
        to: [...to],
        subject,
        text,
        messageId,
        priority: urgent ? 'high' : 'normal',
        // RFC 3834: nobody's holiday answer comes back.
        headers: { 'Auto-Submitted': 'auto-generated' },
      });
      if (sent.rejected.length > 0)
        throw new Error(`it refused ${sent.rejected.map(String).join(', ')}: ${sent.response}`);
      return sent.response;
    } finally {
      transport.close();
    }
  },
};
