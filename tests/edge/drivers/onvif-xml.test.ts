import { expect, it } from 'vitest';
import { refusalOf } from '#edge/drivers/onvif/xml.ts';

const refusal = (xml: string) => refusalOf(Buffer.from(xml));

it.each([
  [
    'an ordinary answer',
    '<?xml version="1.0"?><s:Envelope xmlns:s="urn:s"><s:Body><a b="c"/></s:Body></s:Envelope>',
  ],
  ['a byte order mark', '\ufeff<a/>'],
  ['comments and CDATA with angle brackets', '<a><!-- <b> > --><![CDATA[<<<]]></a>'],
  [
    'many declarations of namespaces',
    `<a>${'<b xmlns="http://www.onvif.org/ver10/schema"/>'.repeat(5000)}</a>`,
  ],
  ['an NVR of 64 channels', `<a>${`<b><c>${'<d>1</d>'.repeat(100)}</c></b>`.repeat(64)}</a>`],
])('%s passes', (_, xml) => expect(refusal(xml)).toBeNull());

it.each([
  ['nothing', '', 'not XML'],
  ['JSON', '{"a":1}', 'not XML'],
  ['entities', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 'entities'],
  ['depth', '<a>'.repeat(65), 'too many tags'],
  ['breadth', '<a/>'.repeat(40_001), 'too many tags'],
  ['angle brackets only', `${'<'.repeat(1 << 20)}>`, 'not sound'],
  ['a comment without end', '<a><!-- ', 'cut off'],
  ['declarations without =', `<a>${'xmlns'.repeat(1000)}</a>`, 'not sound'],
])('%s is refused', (_, xml, why) => expect(refusal(xml)).toContain(why));
