import { type CapAlert, type CapElement, capElements, capNamespace } from './alert.ts';
import { parseCapTime } from './time.ts';
import { readXml, type XmlElement, XmlError } from './xml.ts';

export type CapReading = { ok: true; alert: CapAlert } | { ok: false; problem: string };

/** Why a document is not CAP 1.2. Thrown inside this file only. */
class NotCap extends Error {}

/**
 * Reads a CAP 1.2 document, strictly: the schema's order, mandatory elements, counts and words, times with an
 * offset and without fractions. A signature (XML-DSig) after the alert's own elements is passed over.
 */
export function parseCap(document: string): CapReading {
  try {
    const root = readXml(document);
    if (root.name !== 'alert' || root.namespace !== capNamespace) {
      throw new NotCap(`the root is not alert of ${capNamespace}`);
    }
    const own = root.children.filter((child) => child.namespace === capNamespace);
    return {
      ok: true,
      alert: group({ ...root, children: own }, capElements, 'alert') as unknown as CapAlert,
    };
  } catch (error) {
    if (error instanceof NotCap || error instanceof XmlError) return { ok: false, problem: error.message };
    throw error;
  }
}

function group(element: XmlElement, elements: readonly CapElement[], path: string): Record<string, unknown> {
  if (element.text.trim() !== '') throw new NotCap(`${path} holds text between its elements`);
  const { children } = element;
  const values: Record<string, unknown> = {};
  let at = 0;
  for (const { name, occurs, form } of elements) {
    const found: unknown[] = [];
    while (at < children.length && isCalled(children[at]!, name)) {
      found.push(valueOf(children[at]!, form, `${path}.${name}`));
      at++;
    }
    const many = occurs === 'any' || occurs === 'some';
    if (found.length > 1 && !many) throw new NotCap(`${path}.${name} is there more than once`);
    if (found.length === 0 && (occurs === 'once' || occurs === 'some')) {
      throw new NotCap(`${path}.${name} is missing where the schema has it`);
    }
    if (found.length > 0) values[name] = many ? found : found[0];
  }
  if (at < children.length) throw new NotCap(`${path}.${children[at]!.name} is not expected there`);
  return values;
}

function isCalled(element: XmlElement, name: string): boolean {
  return element.name === name && element.namespace === capNamespace;
}

function valueOf(element: XmlElement, form: CapElement['form'], path: string): unknown {
  if (typeof form === 'object' && 'group' in form) return group(element, form.group, path);
  if (element.children.length > 0) throw new NotCap(`${path} holds elements`);
  const { text } = element;
  if (form === 'text') return text;
  if (form === 'name') {
    if (!/^[^\s,<&]+$/.test(text)) throw new NotCap(`${path} is empty or holds a space, comma, < or &`);
    return text;
  }
  if (form === 'time') {
    const time = parseCapTime(text);
    if (time === undefined) throw new NotCap(`${path} is no time with an offset and whole seconds: ${text}`);
    return time;
  }
  if (!form.oneOf.includes(text)) throw new NotCap(`${path} is none of ${form.oneOf.join(', ')}: ${text}`);
  return text;
}
