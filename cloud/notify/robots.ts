import { z } from 'zod';
import type { HttpPort } from '#platform/http.ts';
import type { Clock } from '#platform/ports.ts';
import { dingtalkSignature, feishuSignature } from '#protocols/robot-signatures.ts';
import { type Channel, type Notice, TooFast } from './channel.ts';
import type { ChannelConfig } from './config.ts';
import { digestWords, trialWords, type WordingParts } from './wording.ts';

type RobotConfig = Extract<ChannelConfig, { kind: 'dingtalk' | 'wecom' | 'feishu' }>;

const timeoutMs = 10_000;
const answerBytes = 4_096;
/** Notices in one message: what people read at once. */
const most = 20;

/** What each of the three wants. `tooFast`: its codes for being asked too often. */
interface Kind {
  /** Messages a minute and bytes of a text, as its maker documents them. */
  perMinute: number;
  bytes: number;
  tooFast: readonly number[];
  request(text: string, calls: boolean, wall: number): { url: string; body: object };
}

function kindOf(config: RobotConfig): Kind {
  switch (config.kind) {
    case 'dingtalk': {
      const { url, secret, mobiles } = config;
      return {
        perMinute: 20,
        bytes: 18_000,
        tooFast: [130_101, 130_102, 410_100],
        request(text, calls, wall) {
          const to = new URL(url);
          if (secret !== undefined) {
            to.searchParams.set('timestamp', String(wall));
            to.searchParams.set('sign', dingtalkSignature(secret, wall));
          }
          const at = { atMobiles: calls ? mobiles : [], isAtAll: false };
          return { url: to.href, body: { msgtype: 'text', text: { content: text }, at } };
        },
      };
    }
    case 'wecom': {
      const { url, mobiles } = config;
      return {
        perMinute: 20,
        bytes: 2_000,
        tooFast: [45_009],
        request: (content, calls) => ({
          url,
          body: { msgtype: 'text', text: { content, mentioned_mobile_list: calls ? mobiles : [] } },
        }),
      };
    }
    case 'feishu': {
      const { url, secret } = config;
      return {
        perMinute: 60,
        bytes: 18_000,
        tooFast: [9_499, 11_232],
        request(text, _calls, wall) {
          const at = Math.floor(wall / 1000);
          const signed = secret !== undefined && {
            timestamp: String(at),
            sign: feishuSignature(secret, at),
          };
          return { url, body: { ...signed, msg_type: 'text', content: { text } } };
        },
      };
    }
  }
}

/** DingTalk and WeCom: `errcode`; Feishu: `code`. 0 is heard, whatever the HTTP status says. */
const answered = z.object({
  errcode: z.int().optional(),
  errmsg: z.string().optional(),
  code: z.int().optional(),
  msg: z.string().optional(),
});

/** A robot in a group of DingTalk, WeCom or Feishu. */
export function robotChannel(
  config: RobotConfig,
  { http, clock, ...words }: { http: HttpPort; clock: Clock } & WordingParts,
): Channel {
  const kind = kindOf(config);

  async function send(text: string, calls: boolean): Promise<string> {
    const { url, body } = kind.request(text, calls, Math.round(clock.wall()));
    const answer = await http.request({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json; charset=utf-8', 'user-agent': 'belfry' },
      body: JSON.stringify(body),
      timeoutMs,
      maxBytes: answerBytes,
    });
    const said = parsed(answer.body);
    const code = said?.errcode ?? said?.code;
    if (answer.status === 429 || (code !== undefined && kind.tooFast.includes(code)))
      throw new TooFast(`it asks for patience: ${answer.body.slice(0, 200)}`);
    if (answer.status < 200 || answer.status > 299)
      throw new Error(`it answered ${answer.status}: ${answer.body.slice(0, 200)}`);
    // They say 200 also to what they refuse.
    if (code !== 0) throw new Error(`it refused: ${answer.body.slice(0, 200)}`);
    return answer.body;
  }

  return {
    id: config.id,
    kind: config.kind,
    language: config.language,
    perMinute: kind.perMinute,
    most,
    async tell(notices: readonly Notice[]) {
      const { text, count } = digestWords(notices, words, kind.bytes);
      const calls = notices.slice(0, count).some(({ alert, event }) => isPressing(alert.severity, event));
      return { count, answer: await send(text, calls) };
    },
    try: (trial) => send(trialWords(trial, config.language).text, false),
  };
}

const isPressing = (severity: string, event: Notice['event']) =>
  severity === 'critical' && event !== 'closed';

function parsed(body: string): z.infer<typeof answered> | null {
  try {
    return answered.safeParse(JSON.parse(body)).data ?? null;
  } catch {
    return null;
  }
}
