import { z } from 'zod';
import type { Bilingual } from '#protocols/messages/bilingual.ts';
import { createPanelDecoder } from '#protocols/panel-printer/decoder.ts';
import { faultWords, meaningOf } from '#protocols/panel-printer/events.ts';
import { ack, nak, panelFormat, type PanelMessage } from '#protocols/panel-printer/format.ts';
import { deviceBase } from '../config.ts';
import type { Driver, DriverContext, DriverRun, Line } from '../driver.ts';
import { addressText, streamOf } from './address.ts';
import { complaints } from './complaints.ts';
import { keepOpen } from './kept-line.ts';
import { noiseMeter } from './noise.ts';

const contactIdPanel = deviceBase.extend({
  driver: z.literal('contact-id-panel'),
  /** What its automation port prints. */
  format: panelFormat,
  /** Account that the panel prints: four digits. */
  panel_account: z
    .string()
    .transform((text) => text.toUpperCase())
    .pipe(z.string().regex(/^[0-9A-F]{4}$/, 'write the four digits that the panel prints, as in "1234"')),
  /** This device is one zone of the panel; without it, the panel itself. */
  panel_zone: z.int().min(1).max(999).optional(),
  /** Sur-Gard's heartbeat comes every 30 s; 685 has none. */
  heartbeat_s: deviceBase.shape.heartbeat_s.unwrap().default(90),
});
type ContactIdPanel = z.infer<typeof contactIdPanel>;

/** Intruder alarm panels, and receivers, that print Contact ID on a serial automation port. */
export const contactIdPanelDriver: Driver<ContactIdPanel> = {
  name: 'contact-id-panel',
  wires: ['tty', 'tcp'],
  device: contactIdPanel,
  describe: () => ({ kind: 'panel', alarms: true, acts: [] }),
  configure({ address, devices }) {
    const problems: { device: number; problem: string }[] = [];
    const seen = new Map<string, string>();
    devices.forEach(({ id, format, panel_account, panel_zone }, device) => {
      const wrong = (problem: string) => problems.push({ device, problem });
      const what =
        panel_zone === undefined
          ? `the panel ${panel_account}`
          : `zone ${panel_zone} of panel ${panel_account}`;
      const other = seen.get(what);
      if (other !== undefined) wrong(`${what} is already ${other}`);
      seen.set(what, id);
      if (format !== devices[0]!.format)
        wrong(`${addressText(address)} prints ${devices[0]!.format}: one port has one format`);
      if (
        panel_zone !== undefined &&
        !devices.some((one) => one.panel_account === panel_account && one.panel_zone === undefined)
      )
        wrong(`there is no panel with panel_account "${panel_account}" at this address: name it as well`);
    });
    return problems;
  },
  start,
};

const minuteMs = 60_000;
/**
 * A port that gets no ACK prints the message again after 4 s (Sur-Gard MLR2, 3 times): what comes again so soon is a
 * copy. The same zone is not in alarm anew within this time.
 */
const copyMs = 6_000;
/** A line that is printed the same so often is not damaged: the panel means it, and it is no Contact ID. */
const timesMeant = 3;
/** Codes whose faults are of the panel, whatever number is printed beside them. */
const ofPanel = /^(30|31|32|33|35)/;

type PanelEvent = Extract<PanelMessage, { kind: 'event' }>;

function start(context: DriverContext, line: Line<ContactIdPanel>): DriverRun {
  const { clock } = context;
  const at = addressText(line.address);
  const { format, heartbeat_s } = line.devices[0]!;
  const heads = line.devices.filter((one) => one.panel_zone === undefined);
  const wrongs = new Map(
    line.devices.map(({ id }) => [id, complaints((health) => context.health(id, health))]),
  );
  /** Messages that were taken a moment ago: their copies are acknowledged when they are. */
  const taken = new Map<string, { at: number; durable: Promise<unknown> }>();
  let decoder = createPanelDecoder(format);

  const wire = keepOpen(context, streamOf(line.address), {
    onOpen() {
      // What was cut off with the old line belongs to nothing on the new one.
      decoder = createPanelDecoder(format);
      alive();
    },
    onData(bytes, readAt) {
      const { messages, discarded } = decoder.push(bytes);
      for (const message of messages) take(message, readAt);
      noise.count(0, discarded);
    },
  });
  const acknowledge = () => wire.write(Uint8Array.of(ack));

  function take(message: PanelMessage, readAt: number): void {
    switch (message.kind) {
      case 'heartbeat':
        heard(heads, 'its heartbeat');
        return acknowledge();
      case 'other':
        return ask(message.text);
      case 'event':
        void durably(message, readAt).then(acknowledge, context.crashed);
    }
  }

  let unread = { text: '', times: 0 };
  /** A line that is no event may be one that noise has changed: it is asked for again, and never acknowledged. */
  function ask(text: string): void {
    unread = { text, times: unread.text === text ? unread.times + 1 : 1 };
    if (unread.times < timesMeant) return wire.write(Uint8Array.of(nak));
    // Held back for ever, it would hold back every alarm behind it: the port prints in order.
    complain(heads, 'format', notContactId(at, format, text));
    acknowledge();
  }

  /** Resolves when the message may be acknowledged: whatever it raised is durable somewhere. */
  function durably(message: PanelEvent, readAt: number): Promise<unknown> {
    for (const [text, { at }] of taken) if (readAt - at > copyMs) taken.delete(text);
    const copy = taken.get(message.text);
    const durable = copy?.durable ?? act(message, readAt);
    taken.set(message.text, { at: readAt, durable });
    return durable;
  }

  async function act({ event, of, receiver }: PanelEvent, readAt: number): Promise<void> {
    const own = heads.filter((head) => head.panel_account === event.account);
    // Whose it is must not keep an alarm from 110.
    const head = own[0] ?? heads[0]!;
    if (own.length === 0) complain(heads, 'account', unknownAccount(at, event.account));
    const isPanels = of === 'user' || ofPanel.test(event.code);
    const device =
      line.devices.find(
        (one) => !isPanels && one.panel_account === event.account && one.panel_zone === event.zone,
      ) ?? head;
    heard([head], 'an event');

    const { qualifier, code, partition, zone } = event;
    const meaning = meaningOf(code);
    const raises = qualifier === 1 && (meaning === 'alarm' || meaning === 'test');
    if (meaning === 'fault')
      complain([device], `${code} ${zone}`, qualifier === 3 ? null : inZone(faultWords(code), device, zone));
    context.record(
      device.id,
      'event',
      {
        code,
        what: qualifier === 1 ? 'new' : qualifier === 3 ? 'restored' : 'still',
        partition,
        number: zone,
        of: of ?? 'unknown',
        receiver,
      },
      readAt,
    );
    if (!raises) return;
    await context.event({
      device: device.id,
      type: meaning === 'test' ? 'test' : 'panel',
      mode: meaning === 'test' ? 'test' : 'real',
      origin: null,
      panelCode: code,
      silent: false,
      ageMs: 0,
      firstByteAt: readAt,
      decodedAt: clock.monotonic(),
    });
  }

  /** The panel watches its zones: where it is alive, so is what is known of them. */
  function heard(panels: readonly ContactIdPanel[], proof: string): void {
    for (const { id, panel_account } of line.devices) {
      if (!panels.some((one) => one.panel_account === panel_account)) continue;
      context.heard(id, { proof_of_life: proof });
      wrongs.get(id)!.tell();
    }
  }

  function complain(devices: readonly ContactIdPanel[], what: string, sentence: Bilingual | null): void {
    for (const { id } of devices) {
      wrongs.get(id)!.set(what, sentence);
      wrongs.get(id)!.tell();
    }
  }

  let cancelAlive = (): void => {};
  function alive(): void {
    cancelAlive();
    if (!wire.open || format !== 'ademco-685') return;
    heard(heads, 'the line is open; this format has no heartbeat');
    cancelAlive = clock.after((heartbeat_s * 1000) / 2, alive);
  }

  const noise = noiseMeter((noisy, _checks, bytes) => {
    for (const { id } of heads) context.measure(id, 'discarded_bytes', bytes, 'B');
    if (noisy !== null && wire.open) complain(heads, 'noise', noisy ? notLines(at, format, bytes) : null);
  });
  let cancelMinute = clock.after(minuteMs, minute);
  function minute(): void {
    noise.minute();
    cancelMinute = clock.after(minuteMs, minute);
  }

  return {
    close() {
      cancelAlive();
      cancelMinute();
      wire.close();
      return Promise.resolve();
    },
  };
}

function inZone(words: Bilingual, device: ContactIdPanel, zone: number): Bilingual {
  if (device.panel_zone !== undefined || zone === 0) return words;
  return { zh: `防区或用户 ${zone}：${words.zh}`, en: `Zone or user ${zone}: ${words.en}` };
}

function notContactId(at: string, format: string, text: string): Bilingual {
  return {
    zh: `报警主机在 ${at} 打印了非 Contact ID 内容“${text}”：请在主机上把自动化口设为 Contact ID（format: ${format}）。`,
    en: `The panel on ${at} printed “${text}”, which is not Contact ID: set its automation port to Contact ID (format: ${format}).`,
  };
}

function unknownAccount(at: string, account: string): Bilingual {
  return {
    zh: `${at} 上出现未登记的主机账号 ${account}，其报警按第一台主机处理：请核对 panel_account。`,
    en: `${at} prints the account ${account}, which no panel here has; its alarms are taken as the first one's: check panel_account.`,
  };
}

function notLines(at: string, format: string, bytes: number): Bilingual {
  return {
    zh: `报警主机线路 ${at} 上一分钟有 ${bytes} 个无法识别的字节：请核对 format（现为 ${format}）、波特率、校验位和接线。`,
    en: `${bytes} bytes of the last minute on ${at} belong to no line: check the format (${format}), baud rate, parity and wiring.`,
  };
}
