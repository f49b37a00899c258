import type { DoorPlace, DoorSignal } from '#platform/doors/door.ts';
import type { CapAlert, CapInfo } from '#protocols/cap/alert.ts';
import { formatCapTime } from '#protocols/cap/time.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';
import type { Mode } from '#protocols/signal.ts';
import { eventWords, labels, modeWords, sentences } from './cap-words.ts';

/** Drills are exercises; a person's test and a scheduled probe are both tests (CAP 3.2.1, status). */
const statusOf: Record<Mode, CapAlert['status']> = {
  real: 'Actual',
  test: 'Test',
  drill: 'Exercise',
  probe: 'Test',
};
/** Contact ID: duress and silent panic. */
const silentCodes = new Set(['121', '122']);
/** Headlines are for short displays (CAP 3.2.2). */
const headlineLimit = 160;

/**
 * An alarm as a CAP alert, in Chinese and in English. Identifier, sender and `sent` are CAP's identity of an alert:
 * all three follow from the signal, so that copies of it are recognised; only a press whose time nobody knows is
 * sent as of `now` (UTC ms).
 */
export function capOfSignal(signal: DoorSignal, sender: string, now: number): CapAlert {
  const { mode } = signal;
  return {
    identifier: signal.name,
    sender,
    sent: signal.clockKnown ? signal.occurredAt : now,
    status: statusOf[mode],
    msgType: 'Alert',
    scope: 'Restricted',
    restriction: `${sentences.restricted.zh} / ${sentences.restricted.en}`,
    // What an exercise is has to be said (CAP 3.2.1, note).
    ...(mode !== 'real' && { note: `${modeWords[mode].zh} / ${modeWords[mode].en}` }),
    info: [infoIn('zh', signal), infoIn('en', signal)],
  };
}

/** The question whether a centre is there: a system message, which raises nothing (CAP 3.2.1, status). */
export function capOfSupervision(identifier: string, sender: string, now: number): CapAlert {
  return {
    identifier,
    sender,
    sent: now,
    status: 'System',
    msgType: 'Alert',
    scope: 'Restricted',
    restriction: `${sentences.restricted.zh} / ${sentences.restricted.en}`,
    note: '线路监测 / supervision of the path',
  };
}

function infoIn(lang: 'zh' | 'en', signal: DoorSignal): CapInfo {
  const { type, mode, account, zone, code, sequence, place, count } = signal;
  const isReal = mode === 'real';
  const event = eventWords[type];
  const where = whereIn(lang, signal);
  const known = signal.clockKnown;
  const contacts = (place?.contacts ?? []).map(({ name, role, phone }) =>
    [name[lang] + (role ? brackets(lang, role[lang]) : ''), phone].join(' '),
  );
  const say = (label: Bilingual, text: string | undefined): string[] =>
    text === undefined ? [] : [`${label[lang]}${lang === 'zh' ? '：' : ': '}${text}`];
  const description = [
    ...say(labels.event, event[lang]),
    ...say(labels.mode, modeWords[mode][lang]),
    ...say(labels.count, count === undefined ? undefined : String(count)),
    ...say(labels.school, place?.campus[lang]),
    ...say(labels.address, place?.address?.[lang]),
    ...say(labels.where, where),
    ...say(labels.since, known ? formatCapTime(signal.occurredAt) : sentences.timeUnknown[lang]),
    ...say(labels.point, `${account} / ${zoneText(zone)}`),
    ...contacts.flatMap((contact) => say(labels.call, contact)),
  ].join('\n');
  const instruction = [
    ...(isReal ? [] : [sentences.notReal[lang]]),
    ...(silentCodes.has(code) ? [sentences.silent[lang]] : []),
  ].join('\n');
  const headline = `${isReal ? '' : lang === 'zh' ? `【${modeWords[mode].zh}】` : `[${modeWords[mode].en}] `}${[
    place?.campus[lang] ?? `${account} / ${zoneText(zone)}`,
    where,
    event[lang],
  ]
    .filter((part) => part !== undefined)
    .join(' ')}`;
  return {
    language: lang === 'zh' ? 'zh-CN' : 'en-US',
    category: [event.category],
    event: event[lang],
    // A dispatcher's system may sort by these: what is not real claims nothing.
    urgency: isReal ? 'Immediate' : 'Unknown',
    severity: isReal ? (type === 'duress' ? 'Extreme' : 'Severe') : 'Unknown',
    certainty: isReal ? 'Observed' : 'Unknown',
    eventCode: [{ valueName: 'SIA-DC-05', value: code }],
    ...(known && { onset: signal.occurredAt }),
    senderName: place?.campus[lang] ?? account,
    headline: [...headline].slice(0, headlineLimit).join(''),
    description,
    ...(instruction !== '' && { instruction }),
    ...(contacts.length > 0 && { contact: contacts.join(lang === 'zh' ? '；' : '; ') }),
    parameter: [
      { valueName: 'account', value: account },
      { valueName: 'zone', value: zoneText(zone) },
      { valueName: 'sequence', value: String(sequence) },
      { valueName: 'mode', value: mode },
      { valueName: 'type', value: type },
      ...(count === undefined ? [] : [{ valueName: 'count', value: String(count) }]),
    ],
    resource: (place?.pictures ?? []).map(({ camera, url }) => ({
      resourceDesc: camera[lang],
      mimeType: 'image/jpeg',
      uri: url,
    })),
    area: [{ areaDesc: areaIn(lang, place, where) ?? `${account} / ${zoneText(zone)}` }],
  };
}

function areaIn(lang: 'zh' | 'en', place: DoorPlace | undefined, where: string | undefined) {
  if (place === undefined) return undefined;
  return [place.campus[lang], place.address?.[lang], where]
    .filter((part) => part !== undefined)
    .join(lang === 'zh' ? '，' : ', ');
}

/** Building, storey, room and what the point is called, as far as they are known. */
function whereIn(lang: 'zh' | 'en', { place }: DoorSignal): string | undefined {
  const { building, storey, room, point } = place ?? {};
  const parts = [building, storey, room, point].flatMap((part) => (part ? [part[lang]] : []));
  // A room and its button are often called the same.
  const distinct = parts.filter((part, i) => part !== parts[i - 1]);
  return distinct.length === 0 ? undefined : distinct.join(lang === 'zh' ? ' ' : ', ');
}

const brackets = (lang: 'zh' | 'en', text: string) => (lang === 'zh' ? `（${text}）` : ` (${text})`);
const zoneText = (zone: number) => String(zone).padStart(3, '0');
