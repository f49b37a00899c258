/** What the address of the page says: which alerts are shown, and which one is opened. */
export interface AlertsSearch {
  /** Left out: the open ones. */
  state?: 'acknowledged' | 'quiet' | 'closed';
  /** One campus alone. */
  campus?: string;
  /** The one that is opened. */
  alert?: number;
}
export type Shown = NonNullable<AlertsSearch['state']> | 'open';

/** Reads an address; what is not understood is passed over. */
export function alertsSearch(given: Record<string, unknown>): AlertsSearch {
  const state = (['acknowledged', 'quiet', 'closed'] as const).find((one) => one === given.state);
  return {
    ...(state && { state }),
    ...(typeof given.campus === 'string' && given.campus !== '' && { campus: given.campus }),
    ...(Number.isSafeInteger(given.alert) && { alert: given.alert as number }),
  };
}
