import type { Bilingual } from '#protocols/messages/bilingual.ts';
import type { CameraClient, CameraInformation } from './client.ts';

/**
 * What a camera was reached by, best first: the authenticated call works; only the clock call, which needs no
 * login; a TCP connection, but nothing that speaks ONVIF; nothing.
 */
export type Rung = 'authenticated' | 'clock' | 'tcp' | 'nothing';

export interface Checkup {
  rung: Rung;
  /** The login was refused, so it is not tried again soon: many cameras lock out who tries too often. */
  denied: boolean;
  clockOffsetMs: number | null;
  information: CameraInformation;
  /** Why it did not get further; null: it did. */
  problem: Bilingual | null;
}

/** Goes down the ladder. `login`: whether the calls that need one are tried this time. Never rejects. */
export async function checkUp(camera: CameraClient, login: boolean): Promise<Checkup> {
  const clock = await camera.clock();
  const clockOffsetMs = clock.ok ? clock.value.camera - clock.value.ours : null;
  const result: Checkup = {
    rung: 'nothing',
    denied: false,
    clockOffsetMs,
    information: {},
    problem: null,
  };
  if (!clock.ok && camera.reach() !== 'http') {
    const reached = camera.reach() === 'tcp';
    return {
      ...result,
      rung: reached ? 'tcp' : 'nothing',
      problem: reached ? noOnvif(clock.why) : unreachable(clock.why),
    };
  }
  if (!login) return { ...result, rung: 'clock', denied: true, problem: loginRefused };
  const information = await camera.information();
  if (!information.ok) {
    if (information.denied) return { ...result, rung: 'clock', denied: true, problem: loginRefused };
    if (!clock.ok) return { ...result, rung: 'tcp', problem: noOnvif(information.why) };
    return { ...result, rung: 'clock', problem: noInformation(information.why) };
  }
  return { ...result, rung: 'authenticated', information: information.value };
}

const loginRefused: Bilingual = {
  zh: '摄像机只回答无需登录的时钟查询：用户名或密码不对，或该用户没有权限',
  en: 'The camera answers only the clock call, which needs no login: the user name or password is wrong, or the user has no rights',
};

function unreachable(why: string): Bilingual {
  return {
    zh: `连不上摄像机（${why}）：检查供电、网线和地址`,
    en: `The camera cannot be reached (${why}): check its power, cable and address`,
  };
}

function noOnvif(why: string): Bilingual {
  return {
    zh: `端口能连上，但没有可用的 ONVIF 回答（${why}）：检查端口，以及摄像机是否启用了 ONVIF`,
    en: `The port opens, but nothing there speaks ONVIF (${why}): check the port, and that ONVIF is enabled on the camera`,
  };
}

function noInformation(why: string): Bilingual {
  return {
    zh: `时钟查询有回答，设备信息查询没有（${why}）`,
    en: `The camera answers the clock call but not the one for its device information (${why})`,
  };
}
