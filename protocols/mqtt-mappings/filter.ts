/**
 * Whether a topic filter takes every topic that another one does (MQTT 3.1.1, 4.7). A topic is a filter without
 * wildcards. What begins with `$` is the broker's own, and nobody is granted it.
 */
export function covers(granted: string, wanted: string): boolean {
  if (wanted.startsWith('$')) return false;
  const may = granted.split('/');
  const asked = wanted.split('/');
  for (const [i, level] of may.entries()) {
    if (level === '#') return true;
    if (i >= asked.length || asked[i] === '#') return false;
    if (level !== '+' && level !== asked[i]) return false;
  }
  return may.length === asked.length;
}
