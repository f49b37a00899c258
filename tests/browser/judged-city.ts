import type { CityInventory } from '#protocols/inventory/campus.ts';
import { city } from '../cloud/four-hundred-school.ts';
import { ConsoleWorld } from './console-world.ts';

const [school] = city.campuses;

/** A campus of its own gateway, like the one school of `city`. */
function campus(id: string, county: string, gateway: string, zh: string, en: string) {
  const [old] = school!.gateways;
  const text = JSON.stringify({ ...school, id, county, gateways: [{ ...old, id: gateway }] });
  const moved = JSON.parse(text.replaceAll('"gate/', `"${gateway}/`)) as CityInventory['campuses'][number];
  return { ...moved, name: { zh, en } };
}

/** A cloud that judges a city of three schools in two counties; of one of them the gateway reports. */
export class JudgedCity extends ConsoleWorld {
  override inventory: CityInventory | null = {
    ...city,
    counties: [
      { id: 'east', name: { zh: '东区', en: 'East' } },
      { id: 'west', name: { zh: '西区', en: 'West' } },
    ] as CityInventory['counties'],
    campuses: [
      campus('school', 'east', 'gate', '第一小学', 'First Primary'),
      campus('second', 'east', 'gate-2', '第二小学', 'Second Primary'),
      campus('third', 'west', 'gate-3', '第三中学', 'Third Middle School'),
    ],
  };

  override async begin(): Promise<this> {
    await super.begin();
    await this.account('wang', 'operator');
    this.birth([
      { id: 'b1', kind: 'button' },
      { id: 'cam', kind: 'camera' },
    ]);
    await this.clock.pass(1_000);
    await this.fourHundred.settled();
    return this;
  }
}
