import type { ApiInventory } from '#protocols/api-inventory.ts';
import { useAnswer, type Answer } from '../../asking/use-answer.ts';
import { useLive } from '../../live.tsx';
import { useSpeech } from '../../words/language.ts';
import { campusesOf } from '../alerts/campuses.ts';

export interface ListedCampus {
  id: string;
  name: string;
  county: string | null;
}

/** The campuses of the inventory that this reader sees, by name. */
export function useCampuses(): { answer: Answer<ApiInventory>; campuses: ListedCampus[] } {
  const speech = useSpeech();
  const { view } = useLive();
  const answer = useAnswer<ApiInventory>('inventory');
  const data = answer.state === 'asking' ? null : answer.data;
  // One that the inventory does not name may have its name from the campus file.
  const named = new Map(campusesOf(view, speech).map(({ id, name }) => [id, name]));
  const campuses = (data?.campuses ?? []).map(({ id, name, county }) => ({
    id,
    name: name === null ? (named.get(id) ?? id) : speech.of(name),
    county,
  }));
  return { answer, campuses: campuses.sort((a, b) => a.name.localeCompare(b.name, speech.locale)) };
}
