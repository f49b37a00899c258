import { itemsOf } from '#protocols/api.ts';
import { originText } from '#protocols/signal.ts';
import { rememberedPress } from '#sim/button/part.ts';
import { eventually, type Campus } from '../journeys/campus.ts';

/** Adds what the units remember now (their newest presses only), as origin → lamp. */
export async function collectPresses(campus: Campus, known: Map<string, string | null>): Promise<void> {
  for (const { id } of campus.hardware.buttons) {
    const { items } = itemsOf(rememberedPress).parse(await campus.control(`/buttons/${id}/presses`));
    for (const { origin, lamp } of items) known.set(originText(origin), lamp);
  }
}

/** How many of these presses have a lamp that says delivered, when the last had half a minute for it. */
export async function delivered(
  campus: Campus,
  known: Map<string, string | null>,
  presses: number,
): Promise<number> {
  const count = () => [...known.values()].filter((lamp) => lamp === 'delivered').length;
  await eventually(
    'every lamp to say delivered',
    async () => {
      await collectPresses(campus, known);
      return count() === presses;
    },
    30_000,
  ).catch((error: unknown) => console.log(String(error)));
  return count();
}
