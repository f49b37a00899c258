import type { StreamAddress } from '#platform/ports.ts';

/**
 * Where a device is: a stream that we open, a port at which it dials in to us, a broker on campus, or this
 * machine itself.
 */
export type DeviceAddress =
  | StreamAddress
  | { kind: 'listen'; host: string; port: number }
  | { kind: 'mqtt'; url: string; host: string; port: number }
  | { kind: 'local' };

export type ParsedAddress = { ok: true; address: DeviceAddress } | { ok: false; problem: string };

/** 9600 8N1, as the button's protocol and most sensors have it. */
const defaultBaud = 9600;

/**
 * Reads an address of the edge's file:
 * - `tty:/dev/ttyS1`, `tty:///dev/ttyS1` or plain `/dev/ttyS1`; options `?baud=9600&data=8&parity=none&stop=1`
 * - `tcp://host:port`: a serial device server, a sensor by TCP
 * - `http://host[:port]`, `https://…`: a device whose wire is HTTP
 * - `listen://host:port`: devices that dial in to us
 * - `mqtt://host[:port]`: devices behind a broker on campus
 * - `local:`: this machine; of devices that speak MQTT: its own broker
 */
export function parseAddress(text: string): ParsedAddress {
  if (text.startsWith('/')) return tty(text);
  if (text.startsWith('tty:')) return tty(text.slice('tty:'.length).replace(/^\/\/(?=\/)/, ''));
  const url = URL.parse(text);
  if (url?.protocol === 'tcp:') return tcp(url, text);
  if (url?.protocol === 'listen:') {
    const at = tcp(url, text, 'listen://host:port');
    return at.ok && at.address.kind === 'tcp'
      ? { ok: true, address: { kind: 'listen', host: at.address.host, port: at.address.port } }
      : at;
  }
  if (url?.protocol === 'mqtt:') {
    if (url.hostname === '' || url.username !== '' || url.pathname.length > 1 || url.search !== '') {
      return wrong(`"${text}": write mqtt://host:port, and the credentials as keys of the device`);
    }
    const port = Number(url.port) || 1883;
    const host = bare(url.hostname);
    return { ok: true, address: { kind: 'mqtt', url: `mqtt://${url.hostname}:${port}`, host, port } };
  }
  if (text === 'local:') return { ok: true, address: { kind: 'local' } };
  if (url?.protocol === 'http:' || url?.protocol === 'https:') {
    const port = Number(url.port) || (url.protocol === 'http:' ? 80 : 443);
    return { ok: true, address: { kind: 'tcp', host: bare(url.hostname), port } };
  }
  return wrong(
    `"${text}" is no address: write tty:/dev/ttyS1, tcp://host:port, http://host, listen://host:port or mqtt://host:port`,
  );
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

function tcp(url: URL, text: string, form = 'tcp://host:port'): ParsedAddress {
  if (url.hostname === '') return wrong(`"${text}" names no host: write ${form}`);
  if (url.port === '' || url.port === '0') return wrong(`"${text}" names no port: write ${form}`);
  if (url.username !== '' || url.pathname.length > 1 || url.search !== '') {
    return wrong(`"${text}" has more than host and port: write ${form}`);
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
export function addressText(address: DeviceAddress): string {
  if (address.kind === 'local') return 'local';
  if (address.kind === 'tty') return address.path;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}

/** The stream of a driver whose `wires` are streams only. */
export function streamOf(address: DeviceAddress): StreamAddress {
  if (address.kind === 'tty' || address.kind === 'tcp') return address;
  throw new Error(`${addressText(address)} is no stream that we open`);
}
