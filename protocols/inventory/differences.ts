/** One thing that is other in the later of two versions. */
export interface Difference {
  /** Things of a list go by their id, not by their place: `/zones/gatehouse/key`. */
  pointer: string;
  what: 'added' | 'removed' | 'changed';
  before?: unknown;
  after?: unknown;
}

type Plain = Record<string, unknown>;

/** What is different between two versions of one value (JSON), in the order of their keys. */
export function differences(before: unknown, after: unknown, pointer = ''): Difference[] {
  if (before === undefined && after === undefined) return [];
  if (before === undefined) return [{ pointer, what: 'added', after }];
  if (after === undefined) return [{ pointer, what: 'removed', before }];
  const [one, other] = [byKey(before), byKey(after)];
  if (one === null || other === null)
    return JSON.stringify(before) === JSON.stringify(after)
      ? []
      : [{ pointer, what: 'changed', before, after }];
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].flatMap((key) =>
    differences(one[key], other[key], `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  );
}

/** A list whose things name themselves as an object of these; null: a plain value or a list where the place counts. */
function byKey(value: unknown): Plain | null {
  if (!Array.isArray(value)) return typeof value === 'object' && value !== null ? (value as Plain) : null;
  const keys = value.map(keyOf);
  if (keys.includes(null) || new Set(keys).size < keys.length) return null;
  return Object.fromEntries(value.map((one, i) => [keys[i]!, one as unknown]));
}

function keyOf(one: unknown): string | null {
  if (typeof one !== 'object' || one === null || Array.isArray(one)) return null;
  const { id, gate, window, day, phone } = one as Plain;
  if (typeof gate === 'string' && typeof window === 'string') return `${gate} ${window}`;
  const key = id ?? day ?? phone;
  return typeof key === 'string' ? key : null;
}
