import { type ApiAlert, isAboutAlarm } from '#protocols/api.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';
import type { Mode } from '#protocols/signal.ts';
import { campusCalled, type Names } from '../names.ts';
import type { Language, Notice, Trial } from './channel.ts';

/** What people read of a notice. */
export interface Wording {
  /** One line. */
  title: string;
  /** Several, the title first. */
  text: string;
}

export interface WordingParts {
  names: Names;
  timeZone: string;
}

/** In every message: robots may be set to take only what has a word of theirs in it. */
const product: Bilingual = { zh: '钟楼', en: 'Belfry' };
/** So much of an alert's own text at most, characters: a digest must fit. */
const longest = 400;

const eventWords: Record<Notice['event'], Bilingual | null> = {
  opened: null,
  repeated: { zh: '仍未解决', en: 'still so' },
  escalated: { zh: '无人确认', en: 'nobody has acknowledged it' },
  closed: { zh: '已结束', en: 'over' },
};
/** Nobody shall run for a drill, and nobody take an emergency for one. */
const modeLabels: Record<Mode, Bilingual> = {
  real: { zh: '真实报警', en: 'REAL ALARM' },
  test: { zh: '测试，不是真实报警', en: 'TEST, not a real alarm' },
  drill: { zh: '演练，不是真实报警', en: 'DRILL, not a real alarm' },
  probe: { zh: '自动探测，不是真实报警', en: 'PROBE, not a real alarm' },
};
const severityWords: Record<ApiAlert['severity'], Bilingual> = {
  critical: { zh: '严重', en: 'critical' },
  warning: { zh: '警告', en: 'warning' },
};

function label({ alert, event }: Notice): Bilingual {
  const parts = [
    alert.mode !== null && (isAboutAlarm(alert) || alert.mode !== 'real') ? modeLabels[alert.mode] : null,
    severityWords[alert.severity],
    eventWords[event],
  ].filter((part) => part !== null);
  return {
    zh: `【${parts.map(({ zh }) => zh).join(' · ')}】`,
    en: `[${parts.map(({ en }) => en).join(' · ')}]`,
  };
}

const inLanguage = (language: Language, words: Bilingual, between: string) =>
  language === 'both' ? `${words.zh}${between}${words.en}` : words[language];

const cut = (text: string) => (text.length > longest ? `${text.slice(0, longest - 1)}…` : text);

/** A notice by itself. */
export function noticeWords(notice: Notice, { names, timeZone }: WordingParts): Wording {
  const { alert, language, event } = notice;
  const where = alert.campus === null ? null : campusCalled(names, alert.campus);
  const head = label(notice);
  const at = event === 'closed' ? (alert.closed_at ?? alert.opened_at) : alert.opened_at;
  const time = new Intl.DateTimeFormat('sv', { timeZone, dateStyle: 'short', timeStyle: 'medium' }).format(
    at,
  );
  // Most texts begin with the campus; those about a device do not.
  const placed = (language: 'zh' | 'en', colon: string) => {
    const text = cut(alert.text[language]);
    return where === null || text.includes(where[language]) ? text : `${where[language]}${colon}${text}`;
  };
  const line = {
    zh: `${head.zh}${placed('zh', '：')}`,
    en: `${head.en} ${placed('en', ': ')}`,
  };
  const since =
    event === 'closed'
      ? { zh: `结束于 ${time}`, en: `Ended ${time}` }
      : { zh: `始于 ${time}`, en: `Since ${time}` };
  return {
    title: inLanguage(language === 'both' ? 'zh' : language, line, ' '),
    text: `${inLanguage(language, line, '\n')}\n${inLanguage(language, since, ' / ')} · #${alert.id} · ${inLanguage(language, product, ' ')}`,
  };
}

/**
 * The first of these notices in one message of at most `bytes` bytes of UTF-8: at least one, of which then only the
 * beginning may fit. Resolves with how many are in it.
 */
export function digestWords(
  notices: readonly Notice[],
  parts: WordingParts,
  bytes: number,
): Wording & { count: number } {
  const worded = notices.map((notice) => noticeWords(notice, parts));
  const language = notices[0]!.language;
  const headed = (count: number): Wording => {
    if (count === 1) return worded[0]!;
    const title = inLanguage(
      language,
      { zh: `【告警汇总】共 ${count} 条`, en: `[Digest] ${count} alerts` },
      ' ',
    );
    return {
      title,
      text: [title, ...worded.slice(0, count).map(({ text }) => text)].join('\n\n'),
    };
  };
  const size = (text: string) => new TextEncoder().encode(text).length;
  let count = notices.length;
  while (count > 1 && size(headed(count).text) > bytes) count -= 1;
  const wording = headed(count);
  let { text } = wording;
  while (size(text) > bytes) text = `${text.slice(0, Math.floor(text.length * 0.9))}…`;
  return { title: wording.title, text, count };
}

/** A trial says that it is one. */
export function trialWords({ by }: Trial, language: Language): Wording {
  const words = {
    zh: `【测试消息】钟楼通知渠道测试，由 ${by} 发出。没有任何报警，无需处理。`,
    en: `[Test message] Belfry is trying this channel, sent by ${by}. Nothing is wrong; nothing is to be done.`,
  };
  const text = inLanguage(language, words, '\n');
  return { title: inLanguage(language === 'both' ? 'zh' : language, words, ' '), text };
}
