import type { MailPort } from '#platform/mail.ts';
import type { Channel } from './channel.ts';
import type { ChannelConfig } from './config.ts';
import { digestWords, trialWords, type Wording, type WordingParts } from './wording.ts';

const timeoutMs = 20_000;
/** Mail is for reading, not for chattering: what comes in the same minute comes in one. */
const perMinute = 20;
const most = 50;
const bytes = 100_000;
const longestSubject = 120;

/** Mail by SMTP. A mail that the server took is heard; what becomes of it after that it does not say. */
export function mailChannel(
  config: Extract<ChannelConfig, { kind: 'smtp' }>,
  { mail, ...words }: { mail: MailPort } & WordingParts,
): Channel {
  const { host, port, security, username, password, from, to, language } = config;
  const login = username === undefined || password === undefined ? undefined : { username, password };
  const domain = from.split('@')[1]!;

  function send({ title, text }: Wording, id: string, urgent: boolean): Promise<string> {
    const subject = title.length > longestSubject ? `${title.slice(0, longestSubject - 1)}…` : title;
    const messageId = `<belfry-${id}@${domain}>`;
    return mail.send(
      { host, port, security, login },
      { from, to, subject, text: `${text}\n`, messageId, urgent },
      timeoutMs,
    );
  }

  return {
    id: config.id,
    kind: 'smtp',
    language,
    perMinute,
    most,
    async tell(notices) {
      const { count, ...wording } = digestWords(notices, words, bytes);
      const urgent = notices
        .slice(0, count)
        .some(({ alert, event }) => alert.severity === 'critical' && event !== 'closed');
      return { count, answer: await send(wording, notices[0]!.id, urgent) };
    },
    try: (trial) => send(trialWords(trial, language), trial.id, false),
  };
}
