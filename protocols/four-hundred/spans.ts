/** Stretches of time as [from, to), UTC ms. A list of them is sorted and has no two that touch. */
export type Span = readonly [from: number, to: number];

/** The list with one more; what touches becomes one. */
export function withSpan(spans: readonly Span[], [from, to]: Span): Span[] {
  if (to <= from) return [...spans];
  const before = spans.filter((span) => span[1] < from);
  const after = spans.filter((span) => span[0] > to);
  const touching = spans.slice(before.length, spans.length - after.length);
  const merged: Span = [Math.min(from, touching[0]?.[0] ?? from), Math.max(to, touching.at(-1)?.[1] ?? to)];
  return [...before, merged, ...after];
}

/** What of `whole` no span of the list covers. */
export function uncovered(whole: Span, spans: readonly Span[]): Span[] {
  const left: Span[] = [];
  let from = whole[0];
  for (const span of spans) {
    if (span[1] <= from) continue;
    if (span[0] >= whole[1]) break;
    if (span[0] > from) left.push([from, span[0]]);
    from = span[1];
  }
  if (from < whole[1]) left.push([from, whole[1]]);
  return left;
}

export function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, [from, to]) => sum + to - from, 0);
}

/** How much of `whole` the list covers, ms. */
export function coveredMs(whole: Span, spans: readonly Span[]): number {
  return Math.max(0, whole[1] - whole[0]) - lengthOf(uncovered(whole, spans));
}
