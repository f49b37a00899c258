import { useSpeech } from '../../words/language.ts';

/** Where there is nothing to judge: what to do next. */
export function NoInventory() {
  const { words } = useSpeech();
  return (
    <div className="sentence">
      <h1>{words.fourHundredNoInventory}</h1>
      <p>{words.fourHundredNoInventoryNext}</p>
    </div>
  );
}
