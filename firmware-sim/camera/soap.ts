import { createHash } from 'node:crypto';

/** The name of the operation asked for: the first element in the Body. */
export function operationOf(xml: string): string | null {
  return /<(?:\w+:)?Body[^>]*>\s*<(?:\w+:)?(\w+)/.exec(xml)?.[1] ?? null;
}

export function envelope(body: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:ter="http://www.onvif.org/ver10/error" xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:trt="http://www.onvif.org/ver10/media/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:tev="http://www.onvif.org/ver10/events/wsdl" xmlns:tse="http://www.onvif.org/ver10/search/wsdl" xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" xmlns:wsa5="http://www.w3.org/2005/08/addressing" xmlns:tns1="http://www.onvif.org/ver10/topics"><s:Body>${body}</s:Body></s:Envelope>`;
}

/** `subcode` as in ONVIF Core, 5.11.2.1: `ter:NotAuthorized`, `ter:ActionNotSupported`. */
export function fault(subcode: string, reason: string): string {
  return envelope(
    `<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>${subcode}</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en">${reason}</s:Text></s:Reason></s:Fault>`,
  );
}

export interface UsernameToken {
  username: string;
  digest: string;
  nonce: string;
  created: string;
}

/** WS-UsernameToken of a request (OASIS Web Services Security UsernameToken Profile 1.0). */
export function tokenOf(xml: string): UsernameToken | null {
  const element = (name: string) => new RegExp(`<(?:\\w+:)?${name}(?:\\s[^>]*)?>([^<]*)<`).exec(xml)?.[1];
  const username = element('Username');
  const digest = element('Password');
  const nonce = element('Nonce');
  const created = element('Created');
  if (!username || !digest || !nonce || !created) return null;
  return { username, digest, nonce, created };
}

/** Base64 ( SHA-1 ( nonce + created + password ) ) */
export function passwordDigest(token: UsernameToken, password: string): string {
  return createHash('sha1')
    .update(Buffer.from(token.nonce, 'base64'))
    .update(token.created + password)
    .digest('base64');
}

/** `UTCDateTime` of GetSystemDateAndTime. */
export function dateAndTime(utcMs: number): string {
  const at = new Date(utcMs);
  return `<tt:UTCDateTime><tt:Time><tt:Hour>${at.getUTCHours()}</tt:Hour><tt:Minute>${at.getUTCMinutes()}</tt:Minute><tt:Second>${at.getUTCSeconds()}</tt:Second></tt:Time><tt:Date><tt:Year>${at.getUTCFullYear()}</tt:Year><tt:Month>${at.getUTCMonth() + 1}</tt:Month><tt:Day>${at.getUTCDate()}</tt:Day></tt:Date></tt:UTCDateTime>`;
}
