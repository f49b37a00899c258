import type { Bilingual } from '#protocols/messages/bilingual.ts';
import type { CloudConfig } from './config.ts';

/** The names that people gave, by campus and by `gateway/device`; null where nobody gave one. */
export interface Names {
  campus(id: string): Bilingual | null;
  device(gateway: string, device: string): Bilingual | null;
}

export function namesOf(campuses: CloudConfig['campuses']): Names {
  const campusNames = new Map(campuses.map((campus) => [campus.id, campus.name]));
  const deviceNames = new Map(
    campuses.flatMap((campus) =>
      campus.gateways.flatMap((gateway) =>
        gateway.devices.map((device) => [`${gateway.id}/${device.id}`, device.name] as const),
      ),
    ),
  );
  return {
    campus: (id) => campusNames.get(id) ?? null,
    device: (gateway, device) => deviceNames.get(`${gateway}/${device}`) ?? null,
  };
}

/** Where a signal comes from. */
export type Point = { campus: string; gateway: string; device: string };

export function campusCalled(names: Names, id: string): Bilingual {
  return called({ id, name: names.campus(id) });
}

/** Campus and point, as one says it. */
export function pointCalled(names: Names, { campus, gateway, device }: Point): Bilingual {
  const where = campusCalled(names, campus);
  const point = called({ id: `${gateway}/${device}`, name: names.device(gateway, device) });
  return { zh: `${where.zh} · ${point.zh}`, en: `${where.en} · ${point.en}` };
}

/** Gateways are machines: they are called by their campus and their id. */
export function gatewayCalled(names: Names, campus: string, gateway: string): Bilingual {
  const where = campusCalled(names, campus);
  return { zh: `${where.zh}的网关 ${gateway}`, en: `${where.en}: gateway ${gateway}` };
}

/** As people are told of it: by its name, by its id only where nobody gave it one. */
export function called({ id, name }: { id: string; name: Bilingual | null }): Bilingual {
  return name ?? { zh: id, en: id };
}
