import { expect, test } from 'vitest';
import { addressText, parseAddress } from '#edge/drivers/address.ts';

test.each([
  ['tty:/dev/ttyS1', { kind: 'tty', path: '/dev/ttyS1', baudRate: 9600 }],
  ['tty:///dev/ttyS1', { kind: 'tty', path: '/dev/ttyS1', baudRate: 9600 }],
  ['/dev/ttyUSB0', { kind: 'tty', path: '/dev/ttyUSB0', baudRate: 9600 }],
  ['tty:COM3?baud=115200', { kind: 'tty', path: 'COM3', baudRate: 115_200 }],
  [
    'tty:/dev/ttyS1?baud=19200&data=7&parity=even&stop=2',
    { kind: 'tty', path: '/dev/ttyS1', baudRate: 19_200, dataBits: 7, parity: 'even', stopBits: 2 },
  ],
  ['tcp://10.1.2.3:4001', { kind: 'tcp', host: '10.1.2.3', port: 4001 }],
  ['tcp://[fe80::1]:4001', { kind: 'tcp', host: 'fe80::1', port: 4001 }],
  ['http://camera.lan', { kind: 'tcp', host: 'camera.lan', port: 80 }],
])('%s is understood', (text, address) => {
  expect(parseAddress(text)).toEqual({ ok: true, address });
});

test.each([
  ['tty:', 'no path'],
  ['tty:/dev/ttyS1?baud=fast', 'baud=fast'],
  ['tty:/dev/ttyS1?speed=9600', 'unknown option speed'],
  ['tty:/dev/ttyS1?parity=odd&data=9', 'data=9'],
  ['tcp://10.1.2.3', 'names no port'],
  ['tcp://10.1.2.3:99999', 'is no address'],
  ['tcp://10.1.2.3:1/x', 'more than host and port'],
  ['gate', 'is no address'],
])('%s gets a clear problem', (text, problem) => {
  expect(parseAddress(text)).toEqual({ ok: false, problem: expect.stringContaining(problem) });
});

test('an address is named as people know it', () => {
  expect(addressText({ kind: 'tty', path: '/dev/ttyS1', baudRate: 9600 })).toBe('/dev/ttyS1');
  expect(addressText({ kind: 'tcp', host: 'fe80::1', port: 4001 })).toBe('[fe80::1]:4001');
});
