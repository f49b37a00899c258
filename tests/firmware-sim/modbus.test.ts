import modbusSerial from 'modbus-serial';
import { afterEach, describe, expect, it } from 'vitest';
import { realClock } from '#platform/real/clock.ts';
import { realRandomness } from '#platform/real/randomness.ts';
import { realListening, realStreams } from '#platform/real/streams.ts';
import { crcHolds, withCrc } from '#protocols/modbus.ts';
import { modbusModel } from '#protocols/modbus-models/model.ts';
import { simulateModbusBus } from '#sim/modbus/bus.ts';
import { have, ptyPair } from '../platform/pty.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

const contact = (name: string, table: string, register: number, alarm: number) =>
  modbusModel.parse({
    model: 'contact',
    title: { zh: '触点', en: 'Contact' },
    kind: 'smoke',
    proof: 'generic',
    sources: ['this test'],
    values: [
      {
        name,
        function: table,
        register,
        normal: [1 - alarm],
        alarms: [{ is: [alarm], raises: 'smoke' }],
      },
    ],
  });

const bus = () =>
  simulateModbusBus({ clock: realClock, random: realRandomness }, [
    { unit: 1, model: contact('smoke', 'holding', 3, 1) },
    { unit: 2, model: contact('smoke', 'discrete', 5, 0) },
  ]);

type Client = InstanceType<typeof modbusSerial.default>;

/** By the library's own framing, which is not ours. */
async function reads(client: Client, units: ReturnType<typeof bus>['units']) {
  client.setTimeout(5000);
  client.setID(1);
  expect((await client.readHoldingRegisters(3, 1)).data).toEqual([0]);
  units.get(1)!.alarm = true;
  expect((await client.readHoldingRegisters(3, 1)).data).toEqual([1]);
  await expect(client.readHoldingRegisters(4, 1)).rejects.toMatchObject({ modbusCode: 2 });
  await expect(client.readCoils(3, 1)).rejects.toMatchObject({ modbusCode: 1 });
  client.setID(2);
  expect((await client.readDiscreteInputs(5, 1)).data[0]).toBe(true);
  units.get(2)!.alarm = true;
  expect((await client.readDiscreteInputs(5, 1)).data[0]).toBe(false);
}

describe('the simulated Modbus bus', () => {
  it('is a Modbus TCP server to modbus-serial', async () => {
    const simulated = bus();
    const listener = await realListening.listen({ host: '127.0.0.1', port: 0 }, (stream) =>
      simulated.tcp((bytes) => stream.write(bytes)),
    );
    cleanups.push(() => listener.close());
    const client = new modbusSerial.default();
    await client.connectTCP('127.0.0.1', { port: listener.port });
    cleanups.push(() => new Promise<void>((done) => client.close(() => done())));
    await reads(client, simulated.units);
  });

  it.runIf(have('socat'))('is a bus of RTU slaves to modbus-serial, through noise', async () => {
    const simulated = bus();
    const pty = await ptyPair();
    cleanups.push(pty.remove);
    let write: (bytes: Uint8Array) => void = () => {};
    const rtu = simulated.rtu((bytes) => write(bytes));
    const stream = await realStreams.open({ kind: 'tty', path: pty.b, baudRate: 9600 }, rtu);
    write = (bytes) => stream.write(bytes);
    cleanups.push(() => stream.close());
    rtu.onData(Uint8Array.of(0, 0xff, 1, 3, 0), 0);
    const client = new modbusSerial.default();
    await client.connectRTUBuffered(pty.a, { baudRate: 9600 });
    cleanups.push(() => new Promise<void>((done) => client.close(() => done())));
    await reads(client, simulated.units);
  });

  it('two devices with one unit number are a mistake', () => {
    const model = contact('smoke', 'holding', 3, 1);
    const both = [1, 1].map((unit) => ({ unit, model }));
    expect(() => simulateModbusBus({ clock: realClock, random: realRandomness }, both)).toThrow(/unit 1/);
  });

  it('has the CRC of real sensors', () => {
    const question = Buffer.from('010300020001', 'hex');
    expect(Buffer.from(withCrc(question)).toString('hex')).toBe('01030002000125ca');
    expect(crcHolds(Buffer.from('010304011102722a8f', 'hex'))).toBe(true);
    expect(crcHolds(Buffer.from('010304011102722a8e', 'hex'))).toBe(false);
  });
});
