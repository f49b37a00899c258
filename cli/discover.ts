import { SerialPort } from 'serialport';
import { stringify } from 'yaml';
import { discoverCameras, type FoundCamera } from '#edge/drivers/onvif/discovery.ts';

interface Found {
  cameras: FoundCamera[];
  serial_ports: { path: string; made_by: string; serial: string }[];
}

/** `belfry discover`: what this machine can see of a campus, as a proposal for edge.yaml. Asks, and changes nothing. */
export async function discover({ json }: { json: boolean }): Promise<void> {
  process.stderr.write('Asking the local network for ONVIF cameras (3 s) …\n');
  const [cameras, ports] = await Promise.all([discoverCameras(), SerialPort.list()]);
  const found: Found = {
    cameras,
    serial_ports: ports.map(({ path, manufacturer = '', serialNumber = '' }) => ({
      path,
      made_by: manufacturer,
      serial: serialNumber,
    })),
  };
  process.stdout.write(json ? `${JSON.stringify(found)}\n` : proposal(found));
}

/** Lines to copy from; all that is a person's to say is left blank. */
export function proposal({ cameras, serial_ports }: Found): string {
  const devices = cameras.map(({ address }, i) => ({
    id: `camera-${i + 1}`,
    driver: 'onvif-camera',
    address,
    username: '',
    password: '',
  }));
  const words = cameras.map(
    ({ name, hardware, location }, i) =>
      `#   camera-${i + 1}: ${[name, hardware, location].map(oneLine).filter(Boolean).join(', ') || 'says nothing of itself'}`,
  );
  const ttys = serial_ports.map(({ path, made_by, serial }) =>
    `#   tty:${path} ${[made_by, serial].filter(Boolean).join(' ')}`.trimEnd(),
  );
  return [
    `# ${cameras.length} cameras answered${cameras.length === 0 ? ': they may be in another network, or have WS-Discovery switched off' : ''}`,
    ...words,
    `# ${serial_ports.length} serial ports`,
    ...ttys,
    ...(devices.length === 0 ? [] : [stringify({ devices }).trimEnd()]),
    '',
  ].join('\n');
}

/** What a stranger on the network says of itself must not become a line of somebody's file. */
function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u001f\u007f]+/g, ' ').slice(0, 80);
}
