import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { readHolidays } from '#platform/public-holidays.ts';
import { readRules } from '#platform/rule-set.ts';
import { SchoolDays } from '#protocols/calendar/school-days.ts';
import { verdictAt } from '#protocols/four-hundred/verdict.ts';
import { campusEntry, type CampusEntryFull } from '#protocols/inventory/entry.ts';
import { CloudWorld, type config, epoch } from './cloud-world.ts';
import { city } from './four-hundred-school.ts';

const school = campusEntry.parse(city.campuses[0]);
const ids = ['school', 'annexe'] as const;
const campuses = ids.map((id) => ({ id, name: { zh: id, en: id }, gateways: [] }));
const campus = fc.constantFrom(...ids);

/** What may happen to a city: its inventory is changed, its devices speak, time passes, the process dies. */
const step = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('pupils' as const),
      campus,
      count: fc.integer({ min: 1, max: 3_000 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('key' as const), campus, key: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('move' as const), to: campus }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), campus }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('speak' as const), campus, open: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('measure' as const), offset: fc.constantFrom(0, 20) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('pass' as const), s: fc.integer({ min: 1, max: 600 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class City {
  readonly world = new CloudWorld(campuses as unknown as (typeof config)['campuses']);
  #births = 0;

  async start(): Promise<void> {
    const annexe = { ...school, id: 'annexe', gateways: [], gates: [], zones: [] };
    this.world.inventory = { ...city, campuses: [school, annexe] };
    this.world.clock.wallAt = Date.UTC(2026, 8, 1, 4);
    await this.world.start();
  }

  async take(one: Step): Promise<void> {
    const { world } = this;
    switch (one.do) {
      case 'pupils':
        return this.#change(one.campus, (entry) => ({ ...entry, pupils: { day: one.count, boarders: 0 } }));
      case 'key':
        return this.#change(one.campus, (entry) => ({
          ...entry,
          zones: entry.zones.map((zone) => ({ ...zone, key: one.key })),
        }));
      case 'move': {
        const from = one.to === 'school' ? 'annexe' : 'school';
        const there = await this.#entry(from);
        if (there.gateways.length === 0) return;
        const { gateways, gates, zones } = there;
        return this.#commit([
          { ...there, gateways: [], gates: [], zones: [] },
          { ...(await this.#entry(one.to)), gateways, gates, zones },
        ]);
      }
      case 'remove':
        await world.cloud.inventory.change({
          campuses: new Map([[one.campus, null]]),
          by: 'li',
          source: 'api',
        });
        return world.clock.pass(1_000);
      case 'speak': {
        this.#births += 1;
        const common = { driver: 'any', heartbeat_s: 60, acts: [], heard_ago_ms: 0, line_open: true };
        const devices = [
          { id: 'b1', kind: 'button', facts: {} },
          { id: 'contact', kind: 'input', facts: { state: one.open ? 'open' : 'closed' } },
          { id: 'cam', kind: 'camera', facts: {} },
        ].map((device) => ({ ...common, ...device, health: { state: 'good' } }));
        const session = `s-${this.#births}`;
        const birth = {
          kind: 'birth',
          session,
          sent_at: 1,
          epoch,
          highest_n: 0,
          version: '1',
          account: '1',
          devices,
        };
        world.publish(`belfry/v1/${one.campus}/gate/state`, JSON.stringify(birth));
        return world.clock.pass(1_000);
      }
      case 'measure': {
        this.#births += 1;
        const at = Math.round(world.clock.wall());
        const points = [{ device: 'cam', field: 'clock_offset_s', value: one.offset, unit: 's', at }];
        const batch = { kind: 'telemetry', session: 's', epoch, n: this.#births, points, records: [] };
        const owner = world.cloud.inventory.current()!.campuses.find(({ gateways }) => gateways.length > 0);
        world.publish(`belfry/v1/${owner?.id ?? 'school'}/gate/telemetry`, JSON.stringify(batch));
        return world.clock.pass(1_000);
      }
      case 'pass':
        return world.clock.pass(one.s * 1_000);
      case 'restart':
        world.crash();
        await world.clock.freeze(30_000);
        return world.start();
    }
  }

  /** What a campus is kept as; where it is gone, as it comes again: with nothing on it. */
  async #entry(id: string): Promise<CampusEntryFull> {
    const kept =
      this.world.cloud.inventory.version(id) === null ? null : await this.world.cloud.inventory.campus(id);
    return kept ?? { ...school, id, gateways: [], gates: [], zones: [] };
  }

  async #change(id: string, change: (entry: CampusEntryFull) => CampusEntryFull): Promise<void> {
    await this.#commit([change(await this.#entry(id))]);
  }

  async #commit(entries: readonly CampusEntryFull[]): Promise<void> {
    const act = {
      campuses: new Map(entries.map((entry) => [entry.id, entry])),
      by: 'li',
      source: 'api' as const,
    };
    expect(await this.world.cloud.inventory.change(act)).toMatchObject({ ok: true });
    await this.world.clock.pass(1_000);
  }

  /** Each campus as it stands, and as everything computed anew from the store gives it. */
  async compare(): Promise<void> {
    const { fourHundred, inventory } = this.world.cloud;
    await fourHundred.settled();
    const moment = fourHundred.now;
    for (const entry of inventory.current()!.campuses) {
      const evidence = await fourHundred.evidence.read(entry.id, moment, moment);
      const days = new SchoolDays(entry.calendar, readHolidays());
      const version = inventory.version(entry.id);
      const asked = { campus: entry, rules: readRules(), days, version, evidence, moment, asOf: moment };
      expect(fourHundred.verdict(entry.id)).toEqual(verdictAt(asked).verdict);
    }
    expect(fourHundred.campusesOf()).toEqual(inventory.current()!.campuses.map(({ id }) => id));
  }
}

it('whatever is changed in the inventory and whatever is heard in between, the verdicts are those of computing everything', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
      const town = new City();
      await town.start();
      try {
        await town.take({ do: 'speak', campus: 'school', open: false });
        for (const one of steps) {
          await town.take(one);
          await town.compare();
        }
      } finally {
        await town.world.cloud.close();
      }
    }),
    { numRuns: 40, seed: 20261124 },
  );
}, 120_000);
