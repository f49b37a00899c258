/** An element with its children, or its text. Names are without their prefix; the namespace is resolved. */
export interface XmlElement {
  name: string;
  namespace: string;
  children: XmlElement[];
  /** All text directly in it. */
  text: string;
}

/** What is no well-formed XML, or not of the kind that is read here. */
export class XmlError extends Error {}

const deepest = 32;
const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const NAME = /[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?/y;
const ATTRIBUTE = /\s+([A-Za-z_][\w.:-]*)\s*=\s*(?:"([^<"]*)"|'([^<']*)')/y;

/**
 * Reads a small XML document into elements. No document type and therefore no entities but XML's own five: what
 * cannot be declared cannot explode or fetch. Throws an `XmlError`.
 */
export function readXml(source: string): XmlElement {
  const text = source.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
  const root: XmlElement = { name: '', namespace: '', children: [], text: '' };
  const open: { element: XmlElement; tag: string; spaces: ReadonlyMap<string, string> }[] = [
    { element: root, tag: '', spaces: new Map() },
  ];
  let at = 0;
  const past = (end: string, what: string): string => {
    const found = text.indexOf(end, at);
    if (found < 0) throw new XmlError(`${what} has no end`);
    const inner = text.slice(at, found);
    at = found + end.length;
    return inner;
  };
  const matched = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  const expect = (token: string): boolean => {
    if (!text.startsWith(token, at)) return false;
    at += token.length;
    return true;
  };

  while (at < text.length) {
    const { element, tag, spaces } = open.at(-1)!;
    if (expect('<!--')) past('-->', 'a comment');
    else if (expect('<![CDATA[')) element.text += past(']]>', 'a CDATA section');
    else if (expect('<?')) past('?>', 'a processing instruction');
    else if (expect('<!')) throw new XmlError('a document type is not taken');
    else if (expect('</')) {
      if (open.length === 1 || past('>', 'an end tag').trimEnd() !== tag) {
        throw new XmlError(`an end tag where </${tag}> belongs`);
      }
      open.pop();
    } else if (expect('<')) {
      const name = matched(NAME)?.[0];
      if (name === undefined) throw new XmlError('a < that begins no tag');
      const declared = new Map(spaces);
      const seen = new Set<string>();
      for (let a = matched(ATTRIBUTE); a !== null; a = matched(ATTRIBUTE)) {
        const [, key, double, single] = a;
        if (seen.has(key!)) throw new XmlError(`${key} twice in one tag`);
        seen.add(key!);
        const value = unescaped(double ?? single ?? '');
        if (key === 'xmlns') declared.set('', value);
        else if (key!.startsWith('xmlns:')) declared.set(key!.slice(6), value);
      }
      matched(/\s*/y);
      const empty = expect('/>');
      if (!empty && !expect('>')) throw new XmlError(`<${name} has no end`);
      const [prefix, local] = name.includes(':') ? name.split(':') : ['', name];
      const namespace = declared.get(prefix!);
      if (prefix !== '' && namespace === undefined)
        throw new XmlError(`the prefix ${prefix} is not declared`);
      const child: XmlElement = { name: local!, namespace: namespace ?? '', children: [], text: '' };
      element.children.push(child);
      if (!empty) open.push({ element: child, tag: name, spaces: declared });
      if (open.length > deepest) throw new XmlError('too many elements in one another');
    } else {
      const end = text.indexOf('<', at);
      element.text += unescaped(text.slice(at, end < 0 ? text.length : end));
      at = end < 0 ? text.length : end;
    }
  }
  if (open.length > 1) throw new XmlError(`</${open.at(-1)!.tag}> is missing`);
  if (root.children.length !== 1 || root.text.trim() !== '')
    throw new XmlError('not one element at the root');
  return root.children[0]!;
}

function unescaped(text: string): string {
  return text.replace(/&([^;&]{0,10});?/g, (whole, name: string) => {
    if (!whole.endsWith(';')) throw new XmlError('an & that begins no reference');
    const known = Object.hasOwn(entities, name) ? entities[name] : undefined;
    if (known !== undefined) return known;
    const digits = /^#(?:x([0-9A-Fa-f]+)|([0-9]+))$/.exec(name);
    const code = digits === null ? -1 : Number.parseInt(digits[1] ?? digits[2]!, digits[1] ? 16 : 10);
    if (code < 1 || code > 0x10_ff_ff || (code >= 0xd8_00 && code <= 0xdf_ff)) {
      throw new XmlError(`the reference ${whole} means nothing`);
    }
    return String.fromCodePoint(code);
  });
}
