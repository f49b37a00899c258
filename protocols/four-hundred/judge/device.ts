import {
  type Case,
  type Judgement,
  judged,
  lapsedUnmeasured,
  maintenanceOf,
  outageNow,
} from './judgement.ts';

/** Whether a device is alive. */
export function judgeDevice(of: Case, device: number): Judgement {
  const { known, plan, now } = of;
  const { ref } = plan.devices[device]!;
  const excused =
    maintenanceOf(of, (what) => what !== 'campus' && 'device' in what && what.device === ref) ??
    outageNow(of);
  if (excused !== null) return excused;
  const word = known.state(device);
  if (word === null) return judged('unknown', 'never-heard', Infinity, {}, [], device);
  const at = known.states.at(device)!;
  const refs = [{ kind: 'state' as const, id: known.states.id(device), at }];
  if (now >= word.until) {
    return (
      lapsedUnmeasured(of, at, word.until) ??
      judged('unknown', 'silent', Infinity, { since: word.until }, refs, device)
    );
  }
  if (word.state === 'good') return judged('yes', 'alive', word.until, {}, refs, device);
  if (word.state === 'unknown') return judged('unknown', 'cut-off', word.until, { since: at }, refs, device);
  const reason = known.reasons.get(device);
  return judged('no', word.state, word.until, { since: at, ...(reason ? { reason } : {}) }, refs, device);
}
