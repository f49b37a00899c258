import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { Aedes } from 'aedes';
import mqtt from 'mqtt';
import { encodeContactId } from '#protocols/contact-id.ts';
import { Dc09Decoder } from '#protocols/dc09/decoder.ts';
import { encodeFrame } from '#protocols/dc09/frame.ts';

/** The floor's cloud: broker, one subscriber, one TCP connection to the receiver; every ACK goes back by MQTT. */
const { centre } = JSON.parse(process.argv[2] ?? '') as { centre: { host: string; port: number } };

const broker = await Aedes.createBroker();
const server = createServer({ noDelay: true }, broker.handle);
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const mqttUrl = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;

const client = await mqtt.connectAsync(mqttUrl, { protocolVersion: 4, reconnectPeriod: 0 });
if ('setNoDelay' in client.stream) (client.stream as { setNoDelay(on: boolean): void }).setNoDelay(true);
const socket = connect({ ...centre, noDelay: true });
await once(socket, 'connect');

const account = 'F100';
const waiting = new Map<number, number>();
let sequence = 0;
client.on('message', (_topic, payload) => {
  const { tty } = JSON.parse(payload.toString()) as { tty: number };
  sequence = 1 + (sequence % 9999);
  waiting.set(sequence, tty);
  const data = encodeContactId({ account, qualifier: 1, code: '120', partition: 0, zone: 1 + (tty % 999) });
  socket.write(
    encodeFrame({ token: 'ADM-CID', sequence, line: '0', account, data, fields: [], timestamp: Date.now() }),
  );
});
await client.subscribeAsync('floor/press', { qos: 1 });

const decoder = new Dc09Decoder();
socket.on('data', (bytes) => {
  for (const event of decoder.push(bytes)) {
    if (event.kind !== 'frame') continue;
    const tty = waiting.get(event.frame.sequence);
    waiting.delete(event.frame.sequence);
    if (tty !== undefined) client.publish('floor/receipt', String(tty), { qos: 1 });
  }
});

process.send?.({ ready: { mqttUrl } });
process.on('disconnect', () => process.exit(0));
