/** Says in the browser's tab what matters most: its title, and a red mark while a real alarm stands. */
export function markTab(title: string, inAlarm: boolean): void {
  document.title = title;
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  const wanted = inAlarm ? '/favicon-alarm.svg' : '/favicon.svg';
  if (icon && icon.getAttribute('href') !== wanted) icon.href = wanted;
}
