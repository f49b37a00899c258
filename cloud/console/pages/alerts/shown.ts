import type { ApiAlert, ApiAlertGroup } from '#protocols/api.ts';
import type { Shown } from './search.ts';

/** Under which of the four an alert stands. What is silenced or under maintenance is *quiet*. */
export function shownAs({ state }: ApiAlert): Shown {
  return state === 'silenced' || state === 'maintenance' ? 'quiet' : state;
}

/**
 * The groups as they are now: the feed knows of an alert before the groups are asked for again. What has closed leaves,
 * and so does a group of which nothing is left.
 */
export function groupsNow(
  groups: readonly ApiAlertGroup[],
  live: ReadonlyMap<string, ApiAlert>,
): ApiAlertGroup[] {
  return groups.flatMap((group) => {
    const alerts = group.alerts
      .map((alert) => live.get(String(alert.id)) ?? alert)
      .filter((alert) => alert.closed_at === null);
    return alerts.length === 0 ? [] : [{ ...group, alerts }];
  });
}

/** Of each group what stands under `shown`, on one campus or on all. */
export function groupsShown(
  groups: readonly ApiAlertGroup[],
  shown: Shown,
  campus: string | undefined,
): ApiAlertGroup[] {
  return groups.flatMap((group) => {
    const alerts = group.alerts.filter(
      (alert) => shownAs(alert) === shown && (campus === undefined || alert.campus === campus),
    );
    return alerts.length === 0 ? [] : [{ ...group, alerts }];
  });
}

export function countShown(groups: readonly ApiAlertGroup[]): Record<Exclude<Shown, 'closed'>, number> {
  const counts = { open: 0, acknowledged: 0, quiet: 0 };
  for (const alert of groups.flatMap(({ alerts }) => alerts)) {
    const as = shownAs(alert);
    if (as !== 'closed') counts[as] += 1;
  }
  return counts;
}
