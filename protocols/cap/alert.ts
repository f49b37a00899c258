/**
 * The Common Alerting Protocol 1.2 (OASIS, 2010): what an alert holds, and one table of its elements in the order
 * that the schema fixes. Writer and reader both follow the table.
 */

export const capStatus = ['Actual', 'Exercise', 'System', 'Test', 'Draft'] as const;
export const capMessageType = ['Alert', 'Update', 'Cancel', 'Ack', 'Error'] as const;
export const capScope = ['Public', 'Restricted', 'Private'] as const;
export const capCategory = [
  'Geo',
  'Met',
  'Safety',
  'Security',
  'Rescue',
  'Fire',
  'Health',
  'Env',
  'Transport',
  'Infra',
  'CBRNE',
  'Other',
] as const;
export const capResponseType = [
  'Shelter',
  'Evacuate',
  'Prepare',
  'Execute',
  'Avoid',
  'Monitor',
  'Assess',
  'AllClear',
  'None',
] as const;
export const capUrgency = ['Immediate', 'Expected', 'Future', 'Past', 'Unknown'] as const;
export const capSeverity = ['Extreme', 'Severe', 'Moderate', 'Minor', 'Unknown'] as const;
export const capCertainty = ['Observed', 'Likely', 'Possible', 'Unlikely', 'Unknown'] as const;

export interface CapValue {
  valueName: string;
  value: string;
}

export interface CapResource {
  resourceDesc: string;
  mimeType: string;
  size?: string;
  uri?: string;
  derefUri?: string;
  digest?: string;
}

export interface CapArea {
  areaDesc: string;
  polygon?: string[];
  circle?: string[];
  geocode?: CapValue[];
  altitude?: string;
  ceiling?: string;
}

/** Times are UTC ms. */
export interface CapInfo {
  language?: string;
  category: (typeof capCategory)[number][];
  event: string;
  responseType?: (typeof capResponseType)[number][];
  urgency: (typeof capUrgency)[number];
  severity: (typeof capSeverity)[number];
  certainty: (typeof capCertainty)[number];
  audience?: string;
  eventCode?: CapValue[];
  effective?: number;
  onset?: number;
  expires?: number;
  senderName?: string;
  headline?: string;
  description?: string;
  instruction?: string;
  web?: string;
  contact?: string;
  parameter?: CapValue[];
  resource?: CapResource[];
  area?: CapArea[];
}

export interface CapAlert {
  /** Without spaces, commas, `<` and `&`, as `sender` (CAP 3.2.1). */
  identifier: string;
  sender: string;
  /** UTC ms; whole seconds on the wire. */
  sent: number;
  status: (typeof capStatus)[number];
  msgType: (typeof capMessageType)[number];
  source?: string;
  scope: (typeof capScope)[number];
  restriction?: string;
  addresses?: string;
  code?: string[];
  note?: string;
  references?: string;
  incidents?: string;
  info?: CapInfo[];
}

export const capNamespace = 'urn:oasis:names:tc:emergency:cap:1.2';

/** `name`: text without spaces, commas, `<` and `&`. A list is a group of elements, or the words allowed. */
export interface CapElement {
  name: string;
  occurs: 'once' | 'maybe' | 'any' | 'some';
  form: 'text' | 'name' | 'time' | { oneOf: readonly string[] } | { group: readonly CapElement[] };
}

const is =
  (occurs: CapElement['occurs']) =>
  (name: string, form: CapElement['form'] = 'text') => ({
    name,
    occurs,
    form,
  });
const [once, maybe, any, some] = [is('once'), is('maybe'), is('any'), is('some')];

const pair = { group: [once('valueName'), once('value')] };
const resource = {
  group: [
    once('resourceDesc'),
    once('mimeType'),
    maybe('size'),
    maybe('uri'),
    maybe('derefUri'),
    maybe('digest'),
  ],
};
const area = {
  group: [
    once('areaDesc'),
    any('polygon'),
    any('circle'),
    any('geocode', pair),
    maybe('altitude'),
    maybe('ceiling'),
  ],
};
const info = {
  group: [
    maybe('language'),
    some('category', { oneOf: capCategory }),
    once('event'),
    any('responseType', { oneOf: capResponseType }),
    once('urgency', { oneOf: capUrgency }),
    once('severity', { oneOf: capSeverity }),
    once('certainty', { oneOf: capCertainty }),
    maybe('audience'),
    any('eventCode', pair),
    maybe('effective', 'time'),
    maybe('onset', 'time'),
    maybe('expires', 'time'),
    maybe('senderName'),
    maybe('headline'),
    maybe('description'),
    maybe('instruction'),
    maybe('web'),
    maybe('contact'),
    any('parameter', pair),
    any('resource', resource),
    any('area', area),
  ],
};

/** The children of `alert`, in the order of the schema. */
export const capElements: readonly CapElement[] = [
  once('identifier', 'name'),
  once('sender', 'name'),
  once('sent', 'time'),
  once('status', { oneOf: capStatus }),
  once('msgType', { oneOf: capMessageType }),
  maybe('source'),
  once('scope', { oneOf: capScope }),
  maybe('restriction'),
  maybe('addresses'),
  any('code'),
  maybe('note'),
  maybe('references'),
  maybe('incidents'),
  any('info', info),
];
