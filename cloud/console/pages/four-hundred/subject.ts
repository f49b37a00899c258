import type { z } from 'zod';
import type { apiSubject } from '#protocols/api-four-hundred.ts';
import type { ApiCampusMap } from '#protocols/api-inventory.ts';
import type { View } from '../../feed/store.ts';
import type { Speech } from '../../words/language.ts';

export type Subject = z.infer<typeof apiSubject>;

/** What a part is about, by the name that people gave it; by its id only where nobody gave one. */
export function subjectName(
  subject: Subject,
  map: ApiCampusMap | null,
  devices: View['devices'],
  { of, words }: Speech,
): string {
  const named = (found: { name?: { zh: string; en: string } | null | undefined } | undefined, id: string) =>
    found?.name ? of(found.name) : id;
  if ('device' in subject) {
    const { device } = subject;
    const id = device.slice(device.indexOf('/') + 1);
    // One that the inventory does not name may have its name from the campus file.
    const filed = devices.get(device)?.place.device_name;
    return named(
      map?.devices.find((one) => one.device === device),
      filed ? of(filed) : id,
    );
  }
  if ('gate' in subject) {
    const gate = named(
      map?.gates.find(({ id }) => id === subject.gate),
      subject.gate,
    );
    return subject.window === undefined ? gate : `${gate} · ${words.fourHundredWindow(subject.window)}`;
  }
  if ('zone' in subject)
    return named(
      map?.zones.find(({ id }) => id === subject.zone),
      subject.zone,
    );
  if ('fence' in subject) return words.fourHundredFence(subject.fence);
  if ('post' in subject) return words.fourHundredPost(subject.post);
  if ('campus' in subject) return words.fourHundredWhole;
  return '';
}
