import type { ApiDevice } from '#protocols/api.ts';
import type { View } from '../feed/store.ts';
import type { Speech } from '../words/language.ts';
import { pressing } from './alarms.ts';
import { campusName, deviceName, placeName } from './places.ts';
import {
  centreAnswer,
  countByState,
  deviceState,
  gatewayState,
  isFresh,
  primaryCentre,
  stateOfAnswer,
  states,
} from './states.ts';
import type { State } from './states.ts';
import { duration, limit, span, timeOfDay } from './times.ts';

/** What the reader came for: the worst first, in words; then the rest of it. */
export interface Sentence {
  state: State;
  head: string;
  rest: string | null;
}

interface Finding {
  state: State;
  text: string;
}

/** `now`: UTC ms by the server's clock; `browserNow`: by the browser's, in which the view's own times are. */
export function sentence(view: View, now: number, browserNow: number, speech: Speech): Sentence {
  const { words } = speech;
  const { link } = view;
  if (!view.loaded) return { state: 'unknown', head: end(words.saidNothingYet, speech), rest: null };
  if (link.state === 'lost' && link.since !== null) {
    const since = timeOfDay(link.since, browserNow, speech);
    return { state: 'unknown', head: end(words.saidLost(since), speech), rest: null };
  }
  const fresh = isFresh(view, browserNow);
  const of110 = centre(view, fresh, now, speech);
  const ofDevices = devices(view, fresh, speech);
  const worstFirst = [undelivered(view, now, speech), of110, gateways(view, fresh, speech), ofDevices].filter(
    (finding) => finding !== null,
  );
  const [first, ...others] = worstFirst.filter((finding) => finding.state !== 'good');
  const after = [...signals(view, speech), ...openAlerts(view, speech)];
  if (!first) {
    const head = end(ofDevices.text + words.comma + of110.text, speech);
    return { state: 'good', head, rest: sentences(after, speech) };
  }
  const good = worstFirst.filter((finding) => finding.state === 'good');
  const rest = [...others, ...good].map((finding) => finding.text);
  return { state: first.state, head: end(first.text, speech), rest: sentences([...rest, ...after], speech) };
}

function end(text: string, { words }: Speech): string {
  return text + words.stop;
}

function sentences(texts: string[], speech: Speech): string | null {
  return texts.length > 0 ? end(texts.join(speech.words.saidThen), speech) : null;
}

function undelivered(view: View, now: number, speech: Speech): Finding | null {
  const waiting = pressing(view, new Set(), now).filter((alarm) => alarm.state !== 'delivered');
  const [first] = waiting;
  if (!first) return null;
  return {
    state: 'alarm',
    text: speech.words.saidUndelivered(placeName(first.place, speech), waiting.length - 1),
  };
}

function centre(view: View, fresh: boolean, now: number, speech: Speech): Finding {
  const { words } = speech;
  const primary = primaryCentre(view);
  if (!primary) return { state: 'fault', text: words.saidNoCentre };
  const answer = centreAnswer(primary, fresh);
  const state = stateOfAnswer[answer.answer];
  switch (answer.answer) {
    case 'answering': {
      const { roundTripMs } = answer;
      return {
        state,
        text: words.saidCentreAnswers(roundTripMs === null ? null : duration(roundTripMs, speech)),
      };
    }
    case 'silent':
      return {
        state,
        text: words.saidCentreSilent(answer.since === null ? null : timeOfDay(answer.since, now, speech)),
      };
    case 'unknown':
      return { state, text: words.saidCentreUnknown };
  }
}

function gateways(view: View, fresh: boolean, speech: Speech): Finding | null {
  const offline = [...view.gateways.values()].filter((gateway) => gatewayState(gateway, fresh) === 'offline');
  const [first] = offline;
  if (!first) return null;
  const place = [...view.devices.values()].find((device) => device.place.gateway === first.gateway)?.place;
  const where = speech.words.gatewayOf(place ? campusName(place, speech) : first.campus);
  return { state: 'offline', text: speech.words.saidGatewayOffline(where, offline.length - 1) };
}

function devices(view: View, fresh: boolean, speech: Speech): Finding {
  const { words } = speech;
  const all = [...view.devices.values()];
  if (all.length === 0) return { state: 'unknown', text: words.saidNoDevices };
  const counts = countByState(all, fresh);
  if (counts.good === all.length) return { state: 'good', text: words.saidAllGood(all.length) };
  const bad = states.filter((state) => state !== 'good' && counts[state] > 0);
  const parts = bad.map((state) => {
    const [only] = counts[state] === 1 ? all.filter((device) => deviceState(device, fresh) === state) : [];
    return only
      ? words.saidOneDevice(nameAmong(all, only, speech), words[state])
      : words.saidDevices(counts[state], words[state]);
  });
  const text = [...parts, words.saidRestGood(counts.good, all.length)].join(words.comma);
  return { state: bad[0]!, text };
}

/** Where all are on one campus its name says nothing. */
function nameAmong(all: ApiDevice[], { place }: ApiDevice, speech: Speech): string {
  const oneCampus = all.every((device) => device.place.campus === place.campus);
  return oneCampus ? deviceName(place, speech) : placeName(place, speech);
}

function signals(view: View, speech: Speech): string[] {
  const { words } = speech;
  if (!view.latency) return [];
  const { figures } = view.latency;
  const when = words.lastSpan(span(figures.to - figures.from, speech));
  if (figures.count === 0) return [words.saidQuiet(when)];
  const reached =
    figures.undelivered === 0
      ? words.saidAllDelivered(figures.count, when)
      : words.saidWaiting(figures.undelivered, figures.count, when);
  const { p99_ms: p99, bound_ms: bound } = figures;
  return p99 !== null && p99 > bound
    ? [reached, words.saidBreach(duration(p99, speech), limit(bound, speech))]
    : [reached];
}

function openAlerts(view: View, speech: Speech): string[] {
  const open = [...view.alerts.values()].filter((alert) => alert.closed_at === null).length;
  return open > 0 ? [speech.words.saidOpenAlerts(open)] : [];
}
