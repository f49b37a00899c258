import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parseEdgeConfig } from '#edge/config.ts';
import { parseAddress, streamOf } from '#edge/drivers/address.ts';
import { contactIdPanelDriver } from '#edge/drivers/contact-id-panel.ts';
import { drivers } from '#edge/drivers/index.ts';
import { realClock } from '#platform/real/clock.ts';
import { realLog } from '#platform/real/log.ts';
import { realRandomness } from '#platform/real/randomness.ts';
import { realListening, realStreams } from '#platform/real/streams.ts';
import { type PanelFormat, panelFormat, panelShapes } from '#protocols/panel-printer/format.ts';
import type { LampState } from '#protocols/signal.ts';
import { simulatorConfig } from '#sim/configuration.ts';
import { startSimulator } from '#sim/simulator.ts';
import { have, ptyPair, until } from '../../platform/pty.ts';
import { recorder } from './recorder.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

function drive(address: string, format: PanelFormat, hurry = 1) {
  const parsed = parseAddress(address);
  if (!parsed.ok) throw new Error(parsed.problem);
  const common = { driver: 'contact-id-panel', address, format, panel_account: '1234' };
  const devices = [
    contactIdPanelDriver.device.parse({ ...common, id: 'panel', zone: 20 }),
    contactIdPanelDriver.device.parse({ ...common, id: 'lab', zone: 21, panel_zone: 15 }),
  ];
  const told = recorder(hurry);
  /** Alarms that are durable only when a test says so. */
  const held: ((lamp: LampState) => void)[] = [];
  const hold = { on: false };
  const takeEvent = told.context.event;
  told.context.event = (raised) => {
    const now = takeEvent(raised);
    return hold.on ? new Promise((resolve) => held.push(resolve)) : now;
  };
  const run = contactIdPanelDriver.start(told.context, { address: streamOf(parsed.address), devices });
  cleanups.push(() => run.close());
  return { told, hold, held };
}

/** A simulated panel whose clock runs `hurry` times faster, and the driver on its port. */
async function panel(format: PanelFormat, hurry = 20) {
  const folder = mkdtempSync(join(tmpdir(), 'belfry-panel-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const ports = {
    clock: { ...realClock, after: (ms: number, then: () => void) => realClock.after(ms / hurry, then) },
    random: realRandomness,
    listen: realListening,
    log: realLog({ level: 'silent', format: 'line' }),
  };
  const config = simulatorConfig.parse({ alarm_panels: [{ id: 'p', via: 'tcp', format }] });
  const simulator = await startSimulator(ports, config, { folder, describeIn: join(folder, 'sim.json') });
  cleanups.push(() => simulator.close());
  const part = simulator.parts.get('alarm_panels')!.get('p')!;
  const driven = drive(simulator.hardware.alarm_panels[0]!.address, format, hurry);
  await until('the line is open', () => driven.told.heardCount('panel') > 0);
  return {
    ...driven,
    act: (name: string, input: unknown) => part.acts[name]!.run(input),
    state: () => part.state() as { queued: number; waiting: boolean; printed: number; acknowledged: number },
  };
}

describe('an alarm panel that prints Contact ID', () => {
  it.each(panelFormat.options)(
    '%s: an alarm of a zone is one alarm of that zone, with its code',
    async (format) => {
      const { told, act, state } = await panel(format);
      await act('event', { code: '130', number: 15 });
      await until('it is acknowledged', () => state().acknowledged === 1);
      expect(told.events).toMatchObject([
        { device: 'lab', type: 'panel', mode: 'real', origin: null, panelCode: '130' },
      ]);
      await act('event', { code: '130', what: 'restore', number: 15 });
      await until('the end is acknowledged', () => state().acknowledged === 2);
      expect(told.events).toHaveLength(1);
      expect(told.records.map(({ details }) => details.what)).toEqual(['new', 'restored']);
      expect(told.crashes).toEqual([]);
    },
  );

  it('is not acknowledged before the alarm is durable; copies that it prints meanwhile are the same alarm', async () => {
    const { told, act, state, hold, held } = await panel('surgard-mlr2');
    hold.on = true;
    await act('event', { code: '120', number: 15 });
    await until('it is printed again', () => state().printed >= 3);
    expect(state().acknowledged).toBe(0);
    expect(told.events).toHaveLength(1);
    held[0]!('received');
    await until('it is acknowledged', () => state().acknowledged === 1);
    expect(told.events).toHaveLength(1);
  });

  it('a panel that hears no ACK prints again and again: one alarm', async () => {
    const { told, act, state } = await panel('surgard-mlr2');
    await act('behave', { kind: 'deaf' });
    await act('event', { code: '130', number: 15 });
    await until('it has given up', () => state().waiting);
    expect(state().printed).toBe(4);
    expect(told.events).toHaveLength(1);
    await act('behave', { kind: 'good' });
    await act('event', { code: '130', number: 16 });
    await until('a heartbeat has set it going', () => state().queued === 0);
    expect(told.events.map(({ device }) => device)).toContain('panel');
  });

  it('an alarm of a zone that the file does not name is the panel’s', async () => {
    const { told, act } = await panel('ademco-685');
    await act('event', { code: '130', number: 77 });
    await until('it is raised', () => told.events.length === 1);
    expect(told.events[0]).toMatchObject({ device: 'panel', panelCode: '130' });
  });

  it('an account that the file does not name is an alarm all the same, and a fault that says so', async () => {
    const pair = have('socat') ? await ptyPair() : null;
    if (pair === null) return;
    cleanups.push(() => pair.remove());
    const { told } = drive(`tty:${pair.a}`, 'ademco-685');
    await until('the line is open', () => told.heardCount('panel') > 0);
    let answered = '';
    const far = await realStreams.open(
      { kind: 'tty', path: pair.b, baudRate: 9600 },
      { onData: (bytes) => (answered += Buffer.from(bytes).toString('hex')), onClose() {} },
    );
    cleanups.push(() => far.close());
    const event = { account: '9999', qualifier: 1, code: '121', partition: 1, zone: 2 } as const;
    far.write(panelShapes['ademco-685'].encode(event, 'user'));
    await until('it is acknowledged over the tty', () => answered === '06');
    expect(told.events).toMatchObject([{ device: 'panel', panelCode: '121', mode: 'real' }]);
    expect(told.healthOf('panel')).toMatch(/^fault: .*account 9999/);
  });

  it('a fault of the panel or of a zone is a fault in words until it is restored', async () => {
    const { told, act } = await panel('surgard-mlr2');
    await act('event', { code: '301' });
    await act('event', { code: '384', number: 15 });
    await until('both are told', () => told.healthOf('lab').startsWith('fault'));
    expect(told.healthOf('panel')).toBe('fault: The panel has no mains: check supply and breaker');
    expect(told.healthOf('lab')).toMatch(/Low battery of a wireless sensor/);
    await act('event', { code: '301', what: 'restore' });
    await act('event', { code: '384', what: 'restore', number: 15 });
    await until('both are over', () => told.healthOf('lab') === 'good' && told.healthOf('panel') === 'good');
    expect(told.events).toEqual([]);
  });

  it('a test by hand is a test; the periodic one and arming are records and raise nothing', async () => {
    const { told, act, state } = await panel('ademco-685');
    await act('event', { code: '602' });
    await act('event', { code: '401', what: 'restore', number: 3, of: 'user' });
    await act('event', { code: '601' });
    await until('all are acknowledged', () => state().acknowledged === 3);
    expect(told.events).toMatchObject([{ device: 'panel', type: 'test', mode: 'test' }]);
    expect(told.records).toHaveLength(3);
  });

  it('Sur-Gard’s heartbeat keeps the panel and its zones alive; 685 says that only the line is known', async () => {
    const sur = await panel('surgard-mlr2', 200);
    await until('two beats', () => sur.told.heardCount('lab') >= 2);
    expect(sur.told.factsOf('panel').proof_of_life).toBe('its heartbeat');
    const ademco = await panel('ademco-685');
    expect(ademco.told.factsOf('panel').proof_of_life).toMatch(/line is open/);
  });

  it.each([['noise'], ['drips']])('%s: the alarm is read all the same', async (kind) => {
    const { told, act } = await panel('surgard-mlr2');
    await act('behave', { kind });
    await act('event', { code: '130', number: 15 });
    await until('it is raised', () => told.events.length === 1);
  });

  it('a line that lost a byte is printed again, and then read', async () => {
    const { told, act, state } = await panel('surgard-mlr2');
    await act('behave', { kind: 'loses-a-byte' });
    await act('event', { code: '130', number: 15 });
    await until('it is printed', () => state().printed === 1);
    await act('behave', { kind: 'good' });
    await until('it is raised', () => told.events.length === 1);
  });

  it('a panel that prints another format is a fault that says what to set, and holds up no alarm', async () => {
    const { told, act } = await panel('surgard-mlr2');
    await act('behave', { kind: 'other-format' });
    await act('event', { code: '130', number: 15 });
    await until('it is told', () => told.healthOf('panel').startsWith('fault'));
    expect(told.healthOf('panel')).toMatch(/printed “S011\[#1234\|NBA15\]”.*set its automation port/);
    await act('behave', { kind: 'good' });
    await act('event', { code: '130', number: 15 });
    await until('the alarm behind it is raised', () => told.events.length === 1);
  });
});

describe("an alarm panel in the edge's file", () => {
  const problems = (...devices: Record<string, unknown>[]) => {
    const parsed = parseEdgeConfig(
      {
        campus: 'school',
        gateway: 'gate',
        account: '1100',
        devices: devices.map((more, i) => ({
          id: `d${i}`,
          driver: 'contact-id-panel',
          address: 'tty:/dev/ttyS1?baud=19200&data=7&parity=even',
          zone: i + 1,
          format: 'surgard-mlr2',
          panel_account: '1234',
          ...more,
        })),
      },
      drivers,
    );
    return parsed.ok ? [] : parsed.problems.map((problem) => JSON.stringify(problem));
  };

  it('needs a zone for 110, and an account of four digits', () => {
    expect(problems({})).toEqual([]);
    expect(problems({ zone: undefined })[0]).toMatch(/zone/);
    expect(problems({ panel_account: '12' })[0]).toMatch(/four digits/);
  });

  it('a zone without its panel, the same zone twice and two formats on one port are mistakes', () => {
    expect(problems({ panel_zone: 3 })[0]).toMatch(/there is no panel with panel_account/);
    expect(problems({}, { panel_zone: 3 }, { panel_zone: 3 })[0]).toMatch(
      /zone 3 of panel 1234 is already d1/,
    );
    expect(problems({}, { format: 'ademco-685', panel_zone: 3 })[0]).toMatch(/one port has one format/);
  });
});
