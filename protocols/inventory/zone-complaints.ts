import { type CampusInventory, planOf, type Zone } from './campus.ts';
import { areApart, type Box, boxOf, contains, faultOf, overlap } from './polygon.ts';
import type { Complain, Path } from './reference.ts';

/** Zones that lie nowhere, outside of their plan, across themselves or across others. */
export function complainOfZones(campus: CampusInventory, path: Path, complain: Complain): void {
  const sound: { zone: Zone; at: Path; box: Box }[] = [];
  for (const [i, zone] of campus.zones.entries()) {
    const at = [...path, 'zones', i];
    complainOfStorey(campus, zone, at, complain);
    if (zone.polygon === undefined) continue;
    const fault = faultOf(zone.polygon);
    const plan = planOf(campus, zone);
    if (fault !== null) complain([...at, 'polygon'], fault);
    else if (plan === undefined) {
      complain([...at, 'polygon'], {
        zh: '它不在任何平面图上：请画出它的楼层或校园',
        en: 'it lies on no plan: draw its storey, or the grounds',
      });
    } else if (faultOf(plan.outline) === null && !contains(plan.outline, zone.polygon)) {
      complain([...at, 'polygon'], { zh: '它超出了平面图', en: 'it reaches outside of its plan' });
    } else sound.push({ zone, at, box: boxOf(zone.polygon) });
  }
  for (const [i, { zone, at, box }] of sound.entries()) {
    const other = sound
      .slice(0, i)
      .filter((one) => !areApart(one.box, box))
      .map((one) => one.zone)
      .find(
        (one) =>
          one.building === zone.building &&
          one.storey === zone.storey &&
          !one.may_overlap &&
          !zone.may_overlap &&
          overlap(one.polygon!, zone.polygon!),
      );
    if (other) {
      complain([...at, 'polygon'], {
        zh: `它与区域 ${other.id} 重叠，而两者都没有写 may_overlap`,
        en: `it overlaps the zone ${other.id}, and neither says may_overlap`,
      });
    }
  }
}

function complainOfStorey(
  campus: CampusInventory,
  { building: wanted, storey }: Zone,
  at: Path,
  complain: Complain,
): void {
  if (wanted === undefined) {
    if (storey !== undefined)
      complain([...at, 'storey'], { zh: '写了楼层就要写楼', en: 'a storey needs its building' });
    return;
  }
  const building = campus.buildings.find(({ id }) => id === wanted);
  if (building === undefined) {
    complain([...at, 'building'], {
      zh: `${campus.id} 没有楼 ${wanted}`,
      en: `${campus.id} has no building ${wanted}`,
    });
  } else if (storey === undefined) {
    complain([...at, 'storey'], { zh: '楼里的区域要写楼层', en: 'a zone in a building needs its storey' });
  } else if (!building.storeys.some(({ id }) => id === storey)) {
    complain([...at, 'storey'], {
      zh: `${wanted} 没有楼层 ${storey}`,
      en: `${wanted} has no storey ${storey}`,
    });
  }
}
