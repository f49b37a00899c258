import { z } from 'zod';
import { askNutVariables, createNutDecoder, nutName, upsStatusOf, type NutLine } from '#protocols/nut.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';
import { deviceBase } from '../config.ts';
import type { Driver, DriverContext, DriverRun, Line } from '../driver.ts';
import { addressText, streamOf } from './address.ts';
import { type Complaints, complaints } from './complaints.ts';
import { keepOpen } from './kept-line.ts';
import { jittered } from './pause.ts';

const ups = deviceBase.extend({
  driver: z.literal('ups'),
  /** Its name in the server's ups.conf. */
  ups: z.string().regex(nutName, 'expected the name of a UPS, as ups.conf has it'),
  poll_s: z.number().min(2).max(600).default(15),
  /** Below so much charge people are told, also on mains: it would not carry through the next failure. */
  battery_percent: z.number().min(0).max(100).default(50),
  heartbeat_s: deviceBase.shape.heartbeat_s.unwrap().default(90),
});
type Ups = z.infer<typeof ups>;

/** What feeds the gateway when the mains are out, behind a server of Network UPS Tools (RFC 9271). */
export const upsDriver: Driver<Ups> = {
  name: 'ups',
  wires: ['tcp'],
  device: ups,
  describe: () => ({ kind: 'ups', alarms: false, acts: [] }),
  configure: (line) =>
    line.devices.flatMap(({ ups: name, id }, i) => {
      const first = line.devices.findIndex((other) => other.ups === name);
      if (first === i) return [];
      const problem = `${line.devices[first]!.id} is ${name} of ${addressText(line.address)} already: give ${id} another`;
      return [{ device: i, problem }];
    }),
  start,
};

/** An answer that is not whole by then is none, ms. */
const answerMs = 5000;
/** Variables of one UPS; a server that tells more is not listened to any further. */
const mostVariables = 512;
/** Unanswered questions in a row after which it is offline and the connection is made anew. */
const missesUntilOffline = 3;

interface Watched {
  device: Ups;
  complaints: Complaints;
  misses: number;
}

function start(context: DriverContext, line: Line<Ups>): DriverRun {
  const { clock, random } = context;
  const at = addressText(line.address);
  const watched = line.devices.map((device): Watched => ({
    device,
    complaints: complaints((health) => context.health(device.id, health)),
    misses: 0,
  }));
  let decoder = createNutDecoder();
  /** The one question that waits for its answer. */
  let asked: { of: Watched; variables: Map<string, string>; begun: boolean } | null = null;
  let cancel = (): void => {};
  let closed = false;

  const wire = keepOpen(context, streamOf(line.address), {
    onOpen() {
      decoder = createNutDecoder();
      asked = null;
      cancel();
      ask(0);
    },
    onData(bytes) {
      for (const said of decoder.push(bytes).lines) take(said);
    },
  });

  /** One after the other; when all have been asked, the next round. */
  function ask(index: number): void {
    const of = watched[index];
    if (closed || !wire.open) return;
    if (of === undefined) {
      const [{ device }] = watched as [Watched];
      cancel = clock.after(jittered(random, device.poll_s * 1000), () => ask(0));
      return;
    }
    asked = { of, variables: new Map(), begun: false };
    wire.write(new TextEncoder().encode(askNutVariables(of.device.ups)));
    cancel = clock.after(answerMs, () => {
      asked = null;
      missed(of);
      if (of.misses % missesUntilOffline === 0) wire.renew(`${of.device.ups} does not answer`);
      else ask(index + 1);
    });
  }

  function take(said: NutLine): void {
    if (asked === null) return;
    const { of, variables } = asked;
    if (said.kind === 'error') return done(() => refused(of, said.code));
    if (said.kind === 'begin') asked.begun = said.list === `VAR ${of.device.ups}`;
    else if (!asked.begun) return;
    else if (said.kind === 'variable' && said.ups === of.device.ups && variables.size < mostVariables) {
      variables.set(said.name, said.value);
    } else if (said.kind === 'end') done(() => answered(of, variables));
  }

  function done(then: () => void): void {
    const next = watched.indexOf(asked!.of) + 1;
    cancel();
    asked = null;
    then();
    ask(next);
  }

  function missed(of: Watched): void {
    of.misses += 1;
    if (of.misses >= missesUntilOffline) of.complaints.offline(silent(at, of.device.ups));
  }

  function refused({ device, complaints }: Watched, code: string): void {
    complaints.offline((refusals[code] ?? otherRefusal(code))(device.ups, at));
  }

  function answered(of: Watched, variables: ReadonlyMap<string, string>): void {
    const { device, complaints } = of;
    of.misses = 0;
    const status = upsStatusOf(variables.get('ups.status') ?? '');
    const percent = numberOf(variables.get('battery.charge'));
    const runtimeS = numberOf(variables.get('battery.runtime'));
    const load = numberOf(variables.get('ups.load'));
    if (percent !== null) context.measure(device.id, 'battery', percent, '%');
    if (runtimeS !== null) context.measure(device.id, 'runtime', Math.round(runtimeS / 60), 'min');
    if (load !== null) context.measure(device.id, 'load', load, '%');
    context.heard(device.id, {
      ...(status && { supply: status.onMains ? 'mains' : 'battery' }),
      ...(percent !== null && { battery: percent }),
      ...textFact('model', variables.get('ups.model') ?? variables.get('device.model')),
      ...textFact('serial', variables.get('ups.serial') ?? variables.get('device.serial')),
    });
    complaints.set('status', status === null ? noStatus(device.ups) : null);
    complaints.set('mains', status && !status.onMains && !status.off ? onBattery(percent, runtimeS) : null);
    complaints.set('low', status?.batteryLow ? batteryLow : null);
    complaints.set('replace', status?.replaceBattery ? replaceBattery : null);
    complaints.set('overload', status?.overloaded ? overloaded(load) : null);
    complaints.set('bypass', status?.bypassed ? bypassed : null);
    complaints.set('off', status?.off ? isOff : null);
    const isWeak = status?.onMains === true && percent !== null && percent < device.battery_percent;
    complaints.set('charge', isWeak ? weak(percent) : null);
    complaints.tell();
  }

  return {
    close() {
      closed = true;
      cancel();
      wire.close();
      return Promise.resolve();
    },
  };
}

function numberOf(text: string | undefined): number | null {
  if (text === undefined || text.trim() === '') return null;
  const value = Number(text);
  return Number.isFinite(value) ? Math.round(value * 10) / 10 : null;
}

function textFact(name: string, text: string | undefined): Record<string, string> {
  const trimmed = text?.trim().slice(0, 64) ?? '';
  return trimmed === '' ? {} : { [name]: trimmed };
}

const silent = (at: string, name: string): Bilingual => ({
  zh: `UPS 服务（${at}）对 ${name} 没有应答：请检查网关与 UPS 服务器之间的网络，以及 upsd 是否在运行。`,
  en: `The UPS server at ${at} gives no answer about ${name}: check the network to it, and that upsd runs.`,
});

/** RFC 9271, 4.2.1: why a server tells nothing. */
const refusals: Record<string, (ups: string, at: string) => Bilingual> = {
  'UNKNOWN-UPS': (ups, at) => ({
    zh: `UPS 服务（${at}）没有名为 ${ups} 的 UPS：请核对 ups.conf 中的名称。`,
    en: `The UPS server at ${at} has no UPS called ${ups}: compare the name with its ups.conf.`,
  }),
  'DRIVER-NOT-CONNECTED': (ups) => ({
    zh: `UPS ${ups} 的驱动程序未运行：请在 UPS 服务器上检查 NUT 驱动和 ups.conf。`,
    en: `The driver of the UPS ${ups} is not running: check NUT's driver and ups.conf on its server.`,
  }),
  'DATA-STALE': (ups) => ({
    zh: `UPS ${ups} 不再向其服务器报告数据：请检查 UPS 的 USB 线或串口线。`,
    en: `The UPS ${ups} tells its server nothing any more: check its USB or serial cable.`,
  }),
  'ACCESS-DENIED': (_ups, at) => ({
    zh: `UPS 服务（${at}）拒绝网关访问：请检查 upsd.conf 和 upsd.users。`,
    en: `The UPS server at ${at} refuses the gateway: check its upsd.conf and upsd.users.`,
  }),
};

const otherRefusal = (code: string) => (ups: string, at: string) => ({
  zh: `UPS 服务（${at}）不提供 ${ups} 的数据，原因 ${code}。`,
  en: `The UPS server at ${at} tells nothing of ${ups}: ${code}.`,
});

const noStatus = (name: string): Bilingual => ({
  zh: `UPS ${name} 没有报告是否接通市电：请检查其驱动程序。`,
  en: `The UPS ${name} does not say whether it is on mains: check its driver.`,
});

function onBattery(percent: number | null, runtimeS: number | null): Bilingual {
  const left =
    percent === null ? { zh: '', en: '' } : { zh: `，剩余 ${percent}%`, en: `, ${percent} % left` };
  const minutes = runtimeS === null ? null : Math.floor(runtimeS / 60);
  const long =
    minutes === null
      ? { zh: '', en: '' }
      : { zh: `，约可用 ${minutes} 分钟`, en: `, about ${minutes} minutes` };
  return {
    zh: `市电中断，正在使用电池${left.zh}${long.zh}：请检查供电。`,
    en: `The mains are out and it runs on its battery${left.en}${long.en}: check the supply.`,
  };
}

const batteryLow: Bilingual = {
  zh: 'UPS 电池即将耗尽，设备随时可能断电：请立即恢复供电。',
  en: 'The battery of the UPS is nearly empty, and power may go at any moment: restore the mains now.',
};
const replaceBattery: Bilingual = {
  zh: 'UPS 电池需要更换。',
  en: 'The battery of the UPS must be replaced.',
};
const overloaded = (load: number | null): Bilingual => ({
  zh: `UPS 过载${load === null ? '' : `（${load}%）`}：请移走不必要的负载。`,
  en: `The UPS is overloaded${load === null ? '' : ` (${load} %)`}: take what need not be fed off it.`,
});
const bypassed: Bilingual = {
  zh: 'UPS 处于旁路状态，停电时不供电：请将其切回正常模式。',
  en: 'The UPS is bypassed and would not carry through a failure: switch it back to normal.',
};
const isOff: Bilingual = {
  zh: 'UPS 输出已关闭：请开启。',
  en: 'The UPS has its output switched off: switch it on.',
};
const weak = (percent: number): Bilingual => ({
  zh: `UPS 电池仅有 ${percent}%，下次停电时可能不够用：若数小时后仍未充满，请更换电池。`,
  en: `The battery of the UPS is at ${percent} % and may not carry through the next failure: replace it if it is not full in a few hours.`,
});
