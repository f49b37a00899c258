import { type Item, items, type Level, levels } from '#protocols/four-hundred/answer.ts';

/** The cell that an address names. */
export interface CellSearch {
  item?: Item;
  level?: Level;
}
export interface FourHundredSearch extends CellSearch {
  campus?: string;
  /** The part that is opened to its evidence. */
  part?: string;
  /** UTC ms of the verdict; left out: now. */
  at?: number;
}
export interface CitySearch extends CellSearch {
  county?: string;
}

function cellSearch(given: Record<string, unknown>): CellSearch {
  const item = items.find((one) => one === given.item);
  const level = levels.find((one) => one === given.level);
  return item === undefined || level === undefined ? {} : { item, level };
}

/** Reads an address; what is not understood is passed over. */
export function fourHundredSearch(given: Record<string, unknown>): FourHundredSearch {
  const { campus, part, at } = given;
  return {
    ...(typeof campus === 'string' && campus !== '' && { campus }),
    ...cellSearch(given),
    ...(typeof part === 'string' && part !== '' && { part }),
    ...(Number.isSafeInteger(at) && { at: at as number }),
  };
}

export function citySearch(given: Record<string, unknown>): CitySearch {
  const { county } = given;
  return { ...(typeof county === 'string' && county !== '' && { county }), ...cellSearch(given) };
}
