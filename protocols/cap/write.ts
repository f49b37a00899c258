import { type CapAlert, type CapElement, capElements, capNamespace } from './alert.ts';
import { formatCapTime } from './time.ts';

/**
 * An alert as a CAP 1.2 document. Total: characters that XML cannot hold become U+FFFD, and empty texts are left
 * out where they may be.
 */
export function encodeCap(alert: CapAlert): string {
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n` +
    `<alert xmlns="${capNamespace}">\n${written(capElements, alert, '  ')}</alert>\n`
  );
}

function written(elements: readonly CapElement[], values: object, indent: string): string {
  let xml = '';
  for (const { name, occurs, form } of elements) {
    const value = (values as Record<string, unknown>)[name];
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each === undefined || (each === '' && occurs !== 'once')) continue;
      const inner =
        typeof form === 'object' && 'group' in form
          ? `\n${written(form.group, each as object, `${indent}  `)}${indent}`
          : escaped(form === 'time' ? formatCapTime(each as number) : String(each));
      xml += `${indent}<${name}>${inner}</${name}>\n`;
    }
  }
  return xml;
}

// XML 1.0, 2.2: no control characters but tab and line breaks, no lone surrogates, neither U+FFFE nor U+FFFF.
// eslint-disable-next-line no-control-regex
const impossible = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Surrogate}/gu;

/** A carriage return is written as a reference: a reader would make a line feed of it (XML 1.0, 2.11). */
function escaped(text: string): string {
  return text
    .replace(impossible, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#13;');
}
