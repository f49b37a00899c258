import type { View } from '../../feed/store.ts';
import { campusName, deviceName } from '../../reading/places.ts';
import type { Speech } from '../../words/language.ts';

interface Named {
  id: string;
  name: string;
}

/** The campuses that this reader sees, by name. */
export function campusesOf(view: View, speech: Speech): Named[] {
  const names = new Map([...view.gateways.values()].map(({ campus }) => [campus, campus]));
  for (const { place } of view.devices.values()) names.set(place.campus, campusName(place, speech));
  return sorted(
    [...names].map(([id, name]) => ({ id, name })),
    speech,
  );
}

export function gatewaysOf(view: View, campus: string): string[] {
  return [...view.gateways.values()]
    .filter((gateway) => gateway.campus === campus)
    .map(({ gateway }) => gateway)
    .sort();
}

export function devicesOf(view: View, gateway: string, speech: Speech): Named[] {
  const theirs = [...view.devices.values()].filter(({ place }) => place.gateway === gateway);
  return sorted(
    theirs.map(({ place }) => ({ id: place.device, name: deviceName(place, speech) })),
    speech,
  );
}

function sorted(named: Named[], { locale }: Speech): Named[] {
  return named.sort((a, b) => a.name.localeCompare(b.name, locale));
}
