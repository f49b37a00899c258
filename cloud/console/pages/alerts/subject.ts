import type { ApiSilence } from '#protocols/api.ts';
import type { View } from '../../feed/store.ts';
import { placeName } from '../../reading/places.ts';
import { codeNames } from '../../words/alert-codes.ts';
import type { Speech } from '../../words/language.ts';

/** What is silenced, in words: the alert's own where it is still known, else its kind and the place. */
export function nameOfSubject({ code, subject }: ApiSilence, view: View, speech: Speech): string {
  const alert = [...view.alerts.values()].find((one) => one.code === code && one.subject === subject);
  if (alert) return speech.of(alert.text);
  const place = view.devices.get(subject)?.place;
  return `${speech.of(codeNames[code])} · ${place ? placeName(place, speech) : subject}`;
}
