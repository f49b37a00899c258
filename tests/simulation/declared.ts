import type { City } from './city.ts';
import type { Pressed } from './ledger.ts';
import type { PlannedDrill } from './plan.ts';

/** A drill as it was declared, in the cloud's wall time (UTC ms). */
interface Declared {
  /** Null: the cloud was killed before it could say, and the gateway may hold it all the same. */
  id: string | null;
  units: readonly number[];
  from: number;
  to: number;
  /** Virtual ms. */
  declaredAt: number;
}

/** The drills of a day, and whether a press can have been one. */
export class DeclaredDrills {
  readonly #city: City;
  readonly #declared: Declared[] = [];
  /** What the cloud's clock was ahead of true time, and from when (virtual ms) on. */
  readonly #skews: { at: number; ms: number }[] = [{ at: 0, ms: 0 }];

  constructor(city: City) {
    this.#city = city;
  }

  clockJumped(skewMs: number): void {
    this.#skews.push({ at: this.#city.world.now, ms: skewMs });
  }

  declare({ at, beginsIn, lasts, units, endedAt }: PlannedDrill): void {
    const { world, cloud } = this.#city;
    if (cloud === null) return;
    const from = Math.round(world.wall + world.machine('cloud').skewMs + beginsIn);
    const drill: Declared = { id: null, units, from, to: Math.round(from + lasts), declaredAt: world.now };
    this.#declared.push(drill);
    const devices = units.map((unit) => `button-${unit}`);
    const of = { campus: 'school', gateway: 'gateway', devices, from, to: drill.to };
    cloud.drills.declare({ ...of, reason: 'monthly drill', by: 'simulation' }).then(
      (id) => {
        world.note(`a drill is declared: ${id}`);
        drill.id = id;
        if (endedAt !== null) world.after(endedAt - at, () => this.#end(id));
      },
      (error: unknown) => world.note(`a drill is not declared: ${String(error)}`),
    );
  }

  #end(id: string): void {
    const { world, cloud } = this.#city;
    cloud?.drills.end(id, 'simulation').then(
      (ended) => world.note(`a drill is ${ended ? 'to end' : 'not there to end'}: ${id}`),
      (error: unknown) => world.note(`a drill is not ended: ${String(error)}`),
    );
  }

  /** Those that the gateway has said it has ended. */
  ended(): ReadonlySet<string> {
    if (this.#declared.length === 0) return new Set();
    const rows = this.#city.look<{ id: string }>('cloud', 'SELECT id FROM drills WHERE ended_at IS NOT NULL');
    return new Set(rows.map(({ id }) => id));
  }

  /**
   * Whether a press may be a drill: a plain one, within what was declared of its unit by any time that the cloud's
   * clock may have shown, and not ended when it was made. Every other press is real.
   */
  mayBe({ type, unit, at, over }: Pressed): boolean {
    if (type !== 'press') return false;
    const { world } = this.#city;
    const trueWall = world.wall - world.now + at;
    return this.#declared.some((drill) => {
      if (!drill.units.includes(unit) || (drill.id !== null && over.has(drill.id))) return false;
      return this.#skewsFrom(drill.declaredAt).some((ms) => {
        const wall = trueWall + ms;
        return wall >= drill.from - blurMs && wall <= drill.to + blurMs;
      });
    });
  }

  /** Whether 110 may be told this point (`zone code`) of a press. */
  mayLookLike(pressed: Pressed, point: string): boolean {
    if (point === pressed.point) return true;
    const zone = pressed.unit + 1;
    // To a cloud that knows of no drill, one is a panic alarm: whether its unit is silent is not in the message.
    return (point === `${zone} 607` || point === `${zone} 120`) && this.mayBe(pressed);
  }

  #skewsFrom(at: number): number[] {
    const before = this.#skews.findLast((skew) => skew.at <= at)!;
    return [before.ms, ...this.#skews.filter((skew) => skew.at > at).map(({ ms }) => ms)];
  }
}

/** Instants on the wire and in the frames of the buttons are whole milliseconds. */
const blurMs = 3;
