import type { CityInventory } from '#protocols/inventory/campus.ts';

/** The inventory as it is now, and a word when it is another. What has not changed is the same object as before. */
export interface LiveInventory {
  /** Null: there is none yet. */
  current(): CityInventory | null;
  /** Of a campus as it is now; null: there is no such campus, or it has no versions. */
  version(campus: string): number | null;
  /** Returns what ends it. */
  onChange(listener: () => void): () => void;
}
