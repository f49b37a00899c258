import type { Answer } from '../answer.ts';
import type { Known, routes } from '../known.ts';
import type { RuleSet } from '../rules.ts';
import { judgeDevice } from './device.ts';
import {
  type Case,
  causesOf,
  dayMs,
  hourMs,
  type Judgement,
  judged,
  lapsedUnmeasured,
  maintenanceOf,
  outageNow,
  worstOf,
} from './judgement.ts';

function deviceExcused(of: Case, device: number): Judgement | null {
  const { ref } = of.plan.devices[device]!;
  return (
    maintenanceOf(of, (what) => what !== 'campus' && 'device' in what && what.device === ref) ?? outageNow(of)
  );
}

export function judgeZoneKind({ plan: { campus, rules } }: Case, entity: number): Judgement {
  const kind = rules.one_key_video.required_zones[entity]!;
  const there = campus.zones.some((zone) => zone.kind === kind);
  return judged(there ? 'yes' : 'no', there ? 'zone-there' : 'zone-missing', Infinity, { kind });
}

/** It is in the inventory, and its gateway does not say that it has no such device. */
export function judgeThere(of: Case, device: number): Judgement {
  const { known, plan } = of;
  if (known.state(device)?.state !== 'missing') return judged('yes', 'listed', Infinity);
  const { ref } = plan.devices[device]!;
  const excused = maintenanceOf(of, (what) => what !== 'campus' && 'device' in what && what.device === ref);
  const refs = [{ kind: 'state' as const, id: known.states.id(device), at: known.states.at(device)! }];
  return excused ?? judged('no', 'missing', Infinity, {}, refs);
}

export function judgeZoneButton({ plan }: Case, entity: number): Judgement {
  const { buttons } = plan.zones[entity]!.zone;
  const there = buttons.some((ref) => plan.indexOf.has(ref));
  return judged(there ? 'yes' : 'no', there ? 'button-there' : 'button-missing', Infinity);
}

/** With every camera as it was planned, the zone is in view. */
export function judgeZoneView({ plan }: Case, entity: number): Judgement {
  const { drawn, cameras } = plan.zones[entity]!;
  if (drawn === null) {
    const there = cameras.length > 0;
    return judged(there ? 'yes' : 'no', there ? 'in-view' : 'no-view', Infinity, { cameras: cameras.length });
  }
  const { area_m2, blind_m2 } = drawn.on.coverage.zone(drawn.index);
  const seen = blind_m2 <= plan.rules.one_key_video.blind_at_most_m2;
  return judged(seen ? 'yes' : 'no', seen ? 'in-view' : 'blind', Infinity, {
    cameras: cameras.length,
    area_m2,
    blind_m2,
  });
}

/** Alive; of a camera also: its clock is right and its picture good. */
export function judgeAlive(of: Case, device: number): Judgement {
  const alive = judgeDevice(of, device);
  if (alive.answer !== 'yes' || device >= of.plan.cameras) return alive;
  return worstOf(alive, judgeClock(of, device), judgePicture(of, device));
}

function judgeClock(of: Case, camera: number): Judgement {
  const { known, plan, now } = of;
  const { clock_known_h, clock_within_s: within } = plan.rules.one_key_video;
  const at = known.clocks.at(camera);
  if (at === null) return judged('unknown', 'clock-unknown', Infinity, {}, [], camera);
  const refs = [{ kind: 'clock' as const, id: known.clocks.id(camera), at }];
  const until = at + clock_known_h * hourMs;
  if (now >= until) {
    const unmeasured = lapsedUnmeasured(of, at, until);
    return unmeasured ?? judged('unknown', 'clock-unknown', Infinity, {}, refs, camera);
  }
  const offset_s = known.offsetS[camera]!;
  const right = Math.abs(offset_s) <= within;
  const code = right ? 'clock-right' : 'clock-wrong';
  return judged(right ? 'yes' : 'no', code, until, { offset_s, within }, refs, camera);
}

function judgePicture(of: Case, camera: number): Judgement {
  const { known, plan, now } = of;
  const at = known.pictures.at(camera);
  if (at === null) return judged('unknown', 'picture-unknown', Infinity, {}, [], camera);
  const refs = [{ kind: 'picture' as const, id: known.pictures.id(camera), at }];
  const until = at + plan.rules.one_key_video.picture_known_h * hourMs;
  if (now >= until) {
    const unmeasured = lapsedUnmeasured(of, at, until);
    return unmeasured ?? judged('unknown', 'picture-unknown', Infinity, {}, refs, camera);
  }
  if (known.pictureGood[camera]) return judged('yes', 'picture-good', until, {}, refs, camera);
  const reason = known.pictureReasons.get(camera);
  return judged('no', 'picture-bad', until, reason ? { reason } : {}, refs, camera);
}

/** No part of the zone is unseen by the cameras that work now. */
export function judgeZoneSeen(of: Case, entity: number): Judgement {
  const { plan } = of;
  const { zone, drawn, cameras } = plan.zones[entity]!;
  const excused = maintenanceOf(of, (what) => what !== 'campus' && 'zone' in what && what.zone === zone.id);
  if (excused !== null) return excused;
  const verdicts = new Map(cameras.map((device) => [device, judgeAlive(of, device)]));
  if (drawn === null) {
    const [first, ...others] = verdicts.values();
    return first === undefined ? judged('no', 'no-view', Infinity) : worstOf(first, ...others);
  }
  const until = Math.min(Infinity, ...[...verdicts.values()].map((one) => one.until));
  // As if those in maintenance saw, then those that were not measured, then those that are not known: what first
  // closes the blind spot is to blame for it.
  const hopes = ['yes', 'maintenance', 'not-measured', 'unknown'] as const;
  const seenWith = (hoped: readonly Answer[]) =>
    drawn.on.coverage.zone(drawn.index, (camera) => {
      const verdict = verdicts.get(drawn.on.devices[camera]!);
      return verdict !== undefined && hoped.includes(verdict.answer);
    });
  const most = plan.rules.one_key_video.blind_at_most_m2;
  const { area_m2, blind_m2 } = seenWith(['yes']);
  const params = { area_m2, blind_m2 };
  const refs = [...verdicts.values()].flatMap((one) => one.refs);
  if (blind_m2 <= most) return judged('yes', 'seen', until, params, refs);
  const blame = hopes.find((_, i) => seenWith(hopes.slice(0, i + 1)).blind_m2 <= most) ?? 'no';
  const unseen = judged(blame, 'unseen', until, params, refs);
  const repaired = camerasToRepair(of, entity, verdicts);
  return repaired === null
    ? { ...unseen, code: 'blind' }
    : { ...unseen, causes: repaired.flatMap((camera) => causesOf(verdicts.get(camera)!)) };
}

/** Dark cameras that together close the blind spot, none in vain; those that must work anyway go before extras. */
function camerasToRepair(
  { plan }: Case,
  entity: number,
  verdicts: ReadonlyMap<number, Judgement>,
): number[] | null {
  const { drawn } = plan.zones[entity]!;
  if (drawn === null) return null;
  const dark = [...verdicts].filter(([, { answer }]) => answer !== 'yes').map(([device]) => device);
  const isBlindWith = (repaired: ReadonlySet<number>) => {
    const sees = (camera: number) => {
      const device = drawn.on.devices[camera]!;
      return repaired.has(device) || verdicts.get(device)?.answer === 'yes';
    };
    return drawn.on.coverage.zone(drawn.index, sees).blind_m2 > plan.rules.one_key_video.blind_at_most_m2;
  };
  const needed = new Set(dark);
  if (isBlindWith(needed)) return null;
  const isExtra = (device: number) => !plan.devices[device]!.device.required;
  for (const device of dark.toSorted((a, b) => Number(isExtra(b)) - Number(isExtra(a)))) {
    needed.delete(device);
    if (isBlindWith(needed)) needed.add(device);
  }
  return [...needed];
}

/** The button's signal came through to 110 within the bound, within its period, on each required route. */
export function judgeProved(of: Case, device: number): Judgement {
  const excused = deviceExcused(of, device);
  if (excused !== null) return excused;
  const [first, ...others] = of.plan.rules.one_key_video.button_proof.routes.map((route) =>
    judgeRoute(of, device - of.plan.cameras, route),
  );
  return worstOf(first!, ...others);
}

type Proof = NonNullable<ReturnType<Known['proof']>>;

/** What is wrong with a proof, its age aside; null: it came through to where the rules want it, in time. */
export function proofFault(
  rules: RuleSet,
  { proved, latency_ms }: Proof,
): 'proof-failed' | 'proof-slow' | null {
  const { within_ms, up_to } = rules.one_key_video.button_proof;
  if (proved !== 'centre' && !(up_to === 'door' && proved === 'door')) return 'proof-failed';
  return latency_ms !== null && latency_ms > within_ms ? 'proof-slow' : null;
}

function judgeRoute(of: Case, button: number, route: (typeof routes)[number]): Judgement {
  const { known, plan, now } = of;
  const { every_days, within_ms } = plan.rules.one_key_video.button_proof;
  const last = known.proof(button, route);
  if (last === null) return judged('unknown', 'never-proved', Infinity, { route });
  const refs = [{ kind: 'proof' as const, id: last.id, at: last.at }];
  const fault = proofFault(plan.rules, last);
  if (fault !== null) {
    const params = { route, proved: last.proved, latency_ms: last.latency_ms ?? 0, within_ms };
    return judged('no', fault, Infinity, params, refs);
  }
  const until = last.at + every_days * dayMs;
  if (now < until) return judged('yes', 'proved', until, { route, at: last.at }, refs);
  return (
    lapsedUnmeasured(of, last.at, until) ??
    judged('no', 'proof-overdue', Infinity, { route, at: last.at, every_days }, refs)
  );
}

/** The camera's recording reaches back its days. */
export function judgeRecording(of: Case, camera: number): Judgement {
  const excused = deviceExcused(of, camera);
  if (excused !== null) return excused;
  const { known, plan, now } = of;
  const at = known.recordings.at(camera);
  if (at === null) return judged('unknown', 'recording-unknown', Infinity);
  const refs = [{ kind: 'recording' as const, id: known.recordings.id(camera), at }];
  const until = at + plan.rules.one_key_video.recording_known_h * hourMs;
  if (now >= until)
    return lapsedUnmeasured(of, at, until) ?? judged('unknown', 'recording-unknown', Infinity, {}, refs);
  const params = { days: known.recordedDays[camera]!, need: plan.videoDays[camera]! };
  const long = params.days >= params.need;
  return judged(long ? 'yes' : 'no', long ? 'recording-long' : 'recording-short', until, params, refs);
}
