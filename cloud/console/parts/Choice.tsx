import { useSyncExternalStore } from 'react';
import type { Preference } from '../preference.ts';

interface Props<T extends string> {
  preference: Preference<T>;
  label: string;
  names: Record<T, string>;
  /** Language of each name where it is not the page's. */
  langs?: Record<T, string>;
}

/** One choice of this reader, as the browser's own select: at home on a phone and under a keyboard. */
export function Choice<T extends string>({ preference, label, names, langs }: Props<T>) {
  const value = useSyncExternalStore(preference.subscribe, preference.get);
  return (
    <select
      className="choice"
      aria-label={label}
      value={value}
      onChange={(event) => preference.set(event.currentTarget.value as T)}
    >
      {preference.values.map((one) => (
        <option key={one} value={one} lang={langs?.[one]}>
          {names[one]}
        </option>
      ))}
    </select>
  );
}
