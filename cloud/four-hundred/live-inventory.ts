import type { CityInventory } from '#protocols/inventory/campus.ts';

/** The inventory as it is now, and a word when it is another. */
export interface LiveInventory {
  /** Null: there is none yet. */
  current(): CityInventory | null;
  /** Returns what ends it. */
  onChange(listener: () => void): () => void;
}
