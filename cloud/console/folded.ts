import { useState } from 'react';
import type { ApiAlarm } from '#protocols/api.ts';

/** The alarms that this reader has folded away: only ones that 110 has, only here, only until the page is left. */
export function useFolded(): [ReadonlySet<string>, (alarms: readonly ApiAlarm[]) => void] {
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  function fold(alarms: readonly ApiAlarm[]) {
    const delivered = alarms.filter((alarm) => alarm.state === 'delivered');
    setFolded(new Set([...folded, ...delivered.map((alarm) => alarm.id)]));
  }
  return [folded, fold];
}
