import type { StreamAddress } from '#platform/ports.ts';

export type ParsedAddress = { ok: true; address: StreamAddress } | { ok: false; problem: string };

/** 9600 8N1, as the button's protocol and most sensors have it. */
const defaultBaud = 9600;

/**
 * Reads an address of the edge's file:
 * - `tty:/dev/ttyS1`, `tty:///dev/ttyS1` or plain `/dev/ttyS1`; options `?baud=9600&data=8&parity=none&stop=1`
 * - `tcp://host:port`: a serial device server, a sensor by TCP
 * - `http://host[:port]`, `https://…`: a device whose wire is HTTP
 */
export function parseAddress(text: string): ParsedAddress {
  if (text.startsWith('/')) return tty(text);
  if (text.startsWith('tty:')) return tty(text.slice('tty:'.length).replace(/^\/\/(?=\/)/, ''));
  const url = URL.parse(text);
  if (url?.protocol === 'tcp:') return tcp(url, text);
  if (url?.protocol === 'http:' || url?.protocol === 'https:') {
    const port = Number(url.port) || (url.protocol === 'http:' ? 80 : 443);
    return { ok: true, address: { kind: 'tcp', host: bare(url.hostname), port } };
  }
  return wrong(`"${text}" is no address: write tty:/dev/ttyS1, tcp://host:port or http://host`);
}

function tty(rest: string): ParsedAddress {
  const [path = '', query = ''] = rest.split('?', 2);
  if (path === '') return wrong('the tty has no path: write tty:/dev/ttyS1');
  const address: Extract<StreamAddress, { kind: 'tty' }> = { kind: 'tty', path, baudRate: defaultBaud };
  for (const [option, value] of new URLSearchParams(query)) {
    const problem = set(address, option, value);
    if (problem !== null) return wrong(`${problem} (in ${path}?${query})`);
  }
  return { ok: true, address };
}

function set(address: Extract<StreamAddress, { kind: 'tty' }>, option: string, value: string): string | null {
  switch (option) {
    case 'baud':
      if (!/^\d+$/.test(value) || Number(value) < 50 || Number(value) > 4_000_000) {
        return `baud=${value}: write a number from 50 to 4000000`;
      }
      address.baudRate = Number(value);
      return null;
    case 'data':
      if (value !== '7' && value !== '8') return `data=${value}: write 7 or 8`;
      address.dataBits = value === '7' ? 7 : 8;
      return null;
    case 'parity':
      if (value !== 'none' && value !== 'even' && value !== 'odd') {
        return `parity=${value}: write none, even or odd`;
      }
      address.parity = value;
      return null;
    case 'stop':
      if (value !== '1' && value !== '2') return `stop=${value}: write 1 or 2`;
      address.stopBits = value === '1' ? 1 : 2;
      return null;
    default:
      return `unknown option ${option}: there are baud, data, parity and stop`;
  }
}

function tcp(url: URL, text: string): ParsedAddress {
  if (url.hostname === '') return wrong(`"${text}" names no host: write tcp://host:port`);
  if (url.port === '' || url.port === '0') return wrong(`"${text}" names no port: write tcp://host:port`);
  if (url.username !== '' || url.pathname.length > 1 || url.search !== '') {
    return wrong(`"${text}" has more than host and port: write tcp://host:port`);
  }
  return { ok: true, address: { kind: 'tcp', host: bare(url.hostname), port: Number(url.port) } };
}

/** An IPv6 host without its brackets. */
function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}

function wrong(problem: string): ParsedAddress {
  return { ok: false, problem };
}

/** An address as people know it: the tty's path, or host:port. */
export function addressText(address: StreamAddress): string {
  if (address.kind === 'tty') return address.path;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}
