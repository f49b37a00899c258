import type { Strange } from '#protocols/button-frame/parse.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';
import type { DeviceHealth } from '#protocols/messages/state.ts';

/** What can be wrong with a unit or its wire, each with its sentence for the technician. */
export const faults = {
  otherSerial: (found: string, expected: string): Bilingual => ({
    zh: `线路上的按钮序列号是 ${found}，配置为 ${expected}：请核对安装，或在网关配置中更正 serial。报警照常上送。`,
    en: `The unit on this line has serial number ${found}, the file says ${expected}: check which unit is mounted here, or correct "serial". Its presses go through all the same.`,
  }),
  absent: (unit: number, line: string, seconds: number): Bilingual => ({
    zh: `总线 ${line} 上地址 ${unit} 的按钮 ${seconds} 秒没有应答：请检查其电源、接线和地址设置。`,
    en: `Unit ${unit} on ${line} has not answered for ${seconds} s: check its power, its wiring and the address set in it.`,
  }),
  sameAddress: (unit: number, one: string, other: string): Bilingual => ({
    zh: `总线地址 ${unit} 上有两个按钮轮流应答（序列号 ${one} 与 ${other}）：请给其中一个改地址。`,
    en: `Two units answer at address ${unit}, serial numbers ${one} and ${other}: give one of them another address.`,
  }),
  damaged: (unit: number, line: string, bad: number, of: number, alone: boolean): Bilingual =>
    alone
      ? {
          zh: `地址 ${unit} 的 ${of} 次应答中有 ${bad} 次 CRC 错误或不在其时隙内，而总线 ${line} 上其他按钮正常：可能有两个按钮设为同一地址（逐个断电查找），或该支线接触不良。`,
          en: `CRC errors or answers out of turn in ${bad} of ${of} polls of unit ${unit}, while the others on ${line} answer well: two units may have this address (switch them off one by one), or its branch of the wire is bad.`,
        }
      : {
          zh: `地址 ${unit} 的 ${of} 次应答中有 ${bad} 次 CRC 错误，总线 ${line} 上其他按钮也有：请检查总线终端电阻、偏置、屏蔽层和波特率。`,
          en: `CRC errors in ${bad} of ${of} polls of unit ${unit}, and others on ${line} have them too: check termination, bias, shield and baud rate of this bus.`,
        },
  sounder: (unitIsSilent: boolean): Bilingual =>
    unitIsSilent
      ? {
          zh: '按钮设为静默，配置为有声（audible）：按静默处理。请核对跳线或配置 sounder。',
          en: 'The unit is set to silent, the file says audible: it is treated as silent. Check its jumper or "sounder".',
        }
      : {
          zh: '按钮设为有声，配置为静默（silent）：按钮按下时会亮灯发声！请尽快核对跳线或配置 sounder。',
          en: 'The unit is set to audible, the file says silent: it will light and sound when pressed! Check its jumper or "sounder" soon.',
        },
  tamper: (): Bilingual => ({
    zh: '按钮外壳被打开（防拆报警）：请到现场检查。',
    en: 'The case of the unit is open (tamper): look at it on site.',
  }),
  battery: (percent: number): Bilingual => ({
    zh: `按钮电池电量仅剩 ${percent}%：请更换电池。`,
    en: `The battery of the unit is down to ${percent} %: replace it.`,
  }),
  noise: (line: string, crcErrors: number, bytes: number): Bilingual => ({
    zh: `线路 ${line} 持续受干扰（上一分钟 ${crcErrors} 个 CRC 错误，${bytes} 个无效字节）：请检查接线、屏蔽层、终端电阻和波特率。`,
    en: `${crcErrors} CRC errors and ${bytes} bytes of noise in the last minute: check wiring, shield, termination and baud rate of ${line}.`,
  }),
  strange: (s: Strange): Bilingual => ({
    zh: `按钮发来本网关不认识的报文（协议版本 ${s.version}，类型 ${hex(s.code)}，${strangeZh[s.reason]}）：请核对按钮固件与网关版本。`,
    en: `The unit sends frames that this gateway cannot read (protocol version ${s.version}, type ${hex(s.code)}: ${s.reason}): check its firmware against the gateway's version.`,
  }),
};

const strangeZh: Record<Strange['reason'], string> = {
  'unknown version': '未知版本',
  'unknown type': '未知类型',
  'payload too short': '数据过短',
  'bad value': '取值错误',
};

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}

export type FaultCode = keyof typeof faults;
export type FaultList = ReturnType<typeof createFaultList>;

/** The faults that hold now, in the order in which they are listed above; tells health when they change. */
export function createFaultList(health: (health: DeviceHealth) => void) {
  const open = new Map<FaultCode, Bilingual>();
  let told: string | null = null;

  return {
    set(code: FaultCode, sentence: Bilingual | null): void {
      if (sentence === null) open.delete(code);
      else open.set(code, sentence);
    },
    has: (code: FaultCode): boolean => open.has(code),
    /** Once something was heard: what holds is told, if it is not what was told last. */
    tell(): void {
      const sentences = (Object.keys(faults) as FaultCode[]).flatMap((code) => open.get(code) ?? []);
      const next: DeviceHealth =
        sentences.length === 0
          ? { state: 'good' }
          : {
              state: open.has('absent') ? 'offline' : 'fault',
              reason: {
                zh: sentences.map((s) => s.zh).join(' '),
                en: sentences.map((s) => s.en).join(' '),
              },
            };
      const text = JSON.stringify(next);
      if (text === told) return;
      told = text;
      health(next);
    },
  };
}
