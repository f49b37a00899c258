import { createPreference } from './preference.ts';

export type Theme = 'auto' | 'light' | 'dark';

export const theme = createPreference<Theme>('belfry.theme', ['auto', 'light', 'dark'], 'auto');

/** Keeps the chosen ground on the document; `auto` leaves it to the system. */
export function keepTheme(): void {
  const apply = () => {
    document.documentElement.dataset.theme = theme.get();
  };
  apply();
  theme.subscribe(apply);
}
