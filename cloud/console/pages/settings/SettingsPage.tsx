import { useWho } from '../../live.tsx';
import { useSpeech } from '../../words/language.ts';
import { Accounts } from './Accounts.tsx';
import { Channels } from './Channels.tsx';
import './settings.css';

/** What of the system this reader may set. */
export function SettingsPage() {
  const { words } = useSpeech();
  const who = useWho();
  const channels =
    who !== null && who.kind !== 'open' && who.campuses === null && who.rights.includes('configure');
  const accounts = who?.rights.includes('accounts') ?? false;
  return (
    <>
      <div className="sentence">
        <h1>{words.settingsPage}</h1>
        <p>{channels || accounts ? words.settingsSaid : words.settingsNothing}</p>
      </div>
      <div className="settings">
        {channels && <Channels />}
        {accounts && <Accounts />}
      </div>
    </>
  );
}
