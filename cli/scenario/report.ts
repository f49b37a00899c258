import type { Expectation, ScenarioFile, Step } from './file.ts';
import type { Outcome, Progress } from './run.ts';

export type Language = 'zh' | 'en';

const words = {
  zh: {
    press: '按下按钮',
    act: '操作',
    ask: '云端要求',
    cut: '切断链路',
    restore: '恢复链路',
    kill: '杀死进程',
    stop: '停止进程',
    start: '启动进程',
    seen: '实际看到',
    at_110: '110 收到',
    alarm: '报警送达',
    undelivered: '报警入库',
    lamp: '指示灯',
    device: '设备状态',
    gateway: '网关状态',
    alert: '告警',
    alarms: '报警条数',
    open_alerts: '未关闭告警数',
    measured: '测量值',
    records: '记录',
    answer: '应答',
    held: (n: number, of: number) => `${of} 项预期，${n} 项成立`,
    took: (lived: string, took: string) => `经历 ${lived}，用时 ${took}`,
  },
  en: {
    press: 'press',
    act: 'act on',
    ask: 'the cloud asks',
    cut: 'cut the link',
    restore: 'restore the link',
    kill: 'kill',
    stop: 'stop',
    start: 'start',
    seen: 'seen',
    at_110: '110 has',
    alarm: 'alarm delivered from',
    undelivered: 'alarm stored from',
    lamp: 'lamp of',
    device: 'state of',
    gateway: 'gateway',
    alert: 'alert',
    alarms: 'alarms',
    open_alerts: 'open alerts',
    measured: 'measured at',
    records: 'records of',
    answer: 'answer of',
    held: (n: number, of: number) => `${n} of ${of} expectations held`,
    took: (lived: string, took: string) => `${lived} lived through in ${took}`,
  },
};

/** The school's clock, `07:20:03`. */
function clockTime(ms: number): string {
  const s = Math.floor(ms / 1000);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${two(Math.floor(s / 3600) % 24)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

function details(of: Record<string, unknown>): string {
  return Object.entries(of)
    .map(([key, value]) => `${key} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(', ');
}

function stepText(step: Step, language: Language): string {
  const w = words[language];
  if (step.press)
    return `${w.press} ${step.press.button}${step.press.type === 'press' ? '' : ` (${step.press.type})`}`;
  if (step.act) return `${w.act} ${step.act.on}: ${step.act.do} ${details(step.act.with)}`.trimEnd();
  if (step.ask) return `${w.ask} ${step.ask.device}: ${step.ask.to.do}`;
  if (step.cut) return `${w.cut} ${step.cut}${step.for === undefined ? '' : ` (${step.for / 1000} s)`}`;
  for (const verb of ['restore', 'kill', 'stop', 'start'] as const) {
    if (step[verb] !== undefined) return `${w[verb]} ${step[verb]}`;
  }
  return '';
}

function expectationText(expectation: Expectation, language: Language): string {
  const w = words[language];
  const { alarm, at_110, lamp, device, gateway, alert, alarms, open_alerts, measured, records, answer } =
    expectation;
  if (alarm) {
    const { device, delivered, ...more } = alarm;
    return `${delivered ? w.alarm : w.undelivered} ${[device, details(more)].filter(Boolean).join(', ')}`;
  }
  if (at_110) return `${w.at_110} ${at_110.device}${at_110.code === undefined ? '' : ` E${at_110.code}`}`;
  if (lamp) return `${w.lamp} ${lamp.button}: ${lamp.shows}`;
  if (device) return `${w.device} ${device.device}: ${device.state}`;
  if (gateway) return `${w.gateway}: ${gateway.state}`;
  if (alert)
    return `${w.alert} ${alert.code}${alert.device === undefined ? '' : ` ${alert.device}`}: ${alert.state}`;
  if (alarms) {
    const { at_least: least, at_most: most, ...which } = alarms;
    const bounds = [least === undefined ? '' : `≥ ${least}`, most === undefined ? '' : `≤ ${most}`];
    return `${w.alarms} ${[details(which), ...bounds].filter(Boolean).join(', ')}`;
  }
  if (open_alerts) return `${w.open_alerts} ≤ ${open_alerts.at_most}`;
  if (records) {
    const which = [records.kind, details(records.with)].filter(Boolean).join(', ');
    return `${w.records} ${records.device}: ${which} ≥ ${records.at_least}`;
  }
  if (answer) return `${w.answer} ${answer.device}: ${answer.to} ${answer.state}`;
  const [low, high] = measured!.between;
  return `${w.measured} ${measured!.device} ${measured!.field}: ${low}…${high}`;
}

/** One line for each thing that happens and for each expectation, as they come. */
export function reporter(language: Language, print: (line: string) => void): Progress {
  const w = words[language];
  return {
    step(at, step) {
      const text = [step.note?.[language], step.expect ? '' : stepText(step, language)]
        .filter(Boolean)
        .join(' · ');
      if (text !== '') print(`${clockTime(at)}    ${text}`);
    },
    decided({ holds, seen, expectation, at }) {
      const text = expectationText(expectation, language);
      print(`${clockTime(at)}  ${holds ? '✓' : '✗'} ${text}  [${w.seen}: ${seen}]`);
    },
  };
}

/** The last lines: what did not hold, once more, and the sum. */
export function summary(
  scenario: ScenarioFile,
  outcomes: readonly Outcome[],
  { livedMs, tookMs }: { livedMs: number; tookMs: number },
  language: Language,
): string {
  const w = words[language];
  const failed = outcomes.filter(({ holds }) => !holds);
  const minutes =
    livedMs < 120_000 ? `${(livedMs / 1000).toFixed(0)} s` : `${(livedMs / 60_000).toFixed(0)} min`;
  return [
    ...failed.map(
      ({ expectation, seen }) => `✗ ${expectationText(expectation, language)}  [${w.seen}: ${seen}]`,
    ),
    `${failed.length === 0 ? '✓' : '✗'} ${scenario.title[language]}: ${w.held(outcomes.length - failed.length, outcomes.length)}; ${w.took(minutes, `${(tookMs / 1000).toFixed(1)} s`)}`,
  ].join('\n');
}
