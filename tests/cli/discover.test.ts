import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { proposal } from '../../cli/discover.ts';

it('proposes lines that an edge’s file can take, and lets no stranger write one', () => {
  const text = proposal({
    cameras: [
      {
        address: 'http://192.0.2.7/onvif/device_service',
        urn: 'urn:uuid:1',
        name: 'North\ndevices: []',
        hardware: 'SimCam',
        location: '',
      },
    ],
    serial_ports: [{ path: '/dev/ttyUSB0', made_by: 'FTDI', serial: 'A1' }],
  });
  expect(parse(text)).toEqual({
    devices: [
      {
        id: 'camera-1',
        driver: 'onvif-camera',
        address: 'http://192.0.2.7/onvif/device_service',
        username: '',
        password: '',
      },
    ],
  });
  expect(text).toContain('#   camera-1: North devices: [], SimCam\n');
  expect(text).toContain('#   tty:/dev/ttyUSB0 FTDI A1\n');
});

it('says what to look at where nothing answered', () => {
  expect(parse(proposal({ cameras: [], serial_ports: [] }))).toBeNull();
  expect(proposal({ cameras: [], serial_ports: [] })).toMatch(
    /0 cameras answered: they may be in another network/,
  );
});
