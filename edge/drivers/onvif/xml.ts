/** A camera's answers have some 20 levels and a few thousand tags; an NVR with 64 channels has 20,000. */
const limits = { depth: 64, tags: 40_000 };

/**
 * Why a SOAP answer is not given to the parser, or null. The check is linear; the parser behind it is not: it
 * looks for the `=` of each `xmlns` up to the end of the text, and builds an object for every tag, on the loop
 * on which alarms run.
 */
export function refusalOf(body: Uint8Array): string | null {
  const xml = Buffer.from(body).toString('utf8');
  if (!xml.trimStart().startsWith('<')) return 'the answer is not XML';
  if (/<!(?:DOCTYPE|ENTITY)/i.test(xml)) return 'the answer declares entities';
  for (let at = xml.indexOf('xmlns'); at >= 0; at = xml.indexOf('xmlns', at + 5)) {
    if (!/^xmlns[^=]{0,64}=/.test(xml.slice(at, at + 70))) return 'the answer is not sound XML';
  }
  let depth = 0;
  let tags = 0;
  for (let at = xml.indexOf('<'); at >= 0;) {
    const skipped = ['<!--', '<![CDATA['].find((opening) => xml.startsWith(opening, at));
    const end = skipped ? xml.indexOf(skipped === '<!--' ? '-->' : ']]>', at) : xml.indexOf('>', at);
    if (end < 0) return 'the answer is cut off';
    const next = xml.indexOf('<', skipped ? end : at + 1);
    if (next >= 0 && next < end) return 'the answer is not sound XML';
    if (!skipped && xml[at + 1] !== '?') {
      tags += 1;
      if (xml[at + 1] === '/') depth -= 1;
      else if (xml[end - 1] !== '/') depth += 1;
    }
    if (depth > limits.depth || tags > limits.tags) return 'the answer has too many tags';
    at = next;
  }
  return null;
}
