import mqtt from 'mqtt';
import { SerialPort } from 'serialport';

/**
 * The floor's edge: the barest relay from ttys to MQTT with the same libraries. Whatever bytes arrive are one
 * press; nothing is validated, stored, deduplicated or repeated. Tells its parent the milliseconds from the first
 * byte of a press to the receipt of 110.
 */
const { ttys, mqttUrl } = JSON.parse(process.argv[2] ?? '') as { ttys: string[]; mqttUrl: string };

const client = await mqtt.connectAsync(mqttUrl, { protocolVersion: 4, reconnectPeriod: 0 });
if ('setNoDelay' in client.stream) (client.stream as { setNoDelay(on: boolean): void }).setNoDelay(true);
await client.subscribeAsync('floor/receipt', { qos: 1 });

const firstBytes = new Map<number, number>();
client.on('message', (_topic, payload) => {
  const tty = Number(payload.toString());
  const at = firstBytes.get(tty);
  firstBytes.delete(tty);
  if (at !== undefined) process.send?.({ ms: performance.now() - at });
});

for (const [index, path] of ttys.entries()) {
  const port = new SerialPort({ path, baudRate: 9600 });
  port.on('data', (bytes: Buffer) => {
    if (!firstBytes.has(index)) firstBytes.set(index, performance.now());
    client.publish('floor/press', JSON.stringify({ tty: index, bytes: bytes.toString('hex') }), { qos: 1 });
  });
  await new Promise<void>((resolve, reject) => {
    port.once('open', () => resolve());
    port.once('error', reject);
  });
}
process.send?.({ ready: true });
process.on('disconnect', () => process.exit(0));
