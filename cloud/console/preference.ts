/** A choice of this reader, kept in this browser. Works without storage (private windows) for as long as the page lives. */
export interface Preference<T extends string> {
  values: readonly T[];
  get(): T;
  set(value: T): void;
  subscribe(reader: () => void): () => void;
}

export function createPreference<T extends string>(
  key: string,
  values: readonly T[],
  initial: T,
): Preference<T> {
  let value = initial;
  try {
    value = values.find((one) => one === localStorage.getItem(key)) ?? initial;
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
  const readers = new Set<() => void>();
  return {
    values,
    get: () => value,
    set(next) {
      value = next;
      try {
        localStorage.setItem(key, next);
      } catch {
        // As above.
      }
      for (const reader of readers) reader();
    },
    subscribe(reader) {
      readers.add(reader);
      return () => readers.delete(reader);
    },
  };
}
