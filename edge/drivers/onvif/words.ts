import type { Bilingual } from '#protocols/messages/bilingual.ts';
import type { CameraStream } from './client.ts';
import type { StreamFailure, StreamLook } from './stream-look.ts';

export function clockWrong(offsetMs: number): Bilingual {
  const seconds = Math.round(Math.abs(offsetMs) / 1000);
  return {
    zh: `摄像机时钟比网关${offsetMs > 0 ? '快' : '慢'} ${seconds} 秒：录像时间不可信，检查摄像机的 NTP 设置`,
    en: `The camera's clock is ${seconds} s ${offsetMs > 0 ? 'ahead of' : 'behind'} the gateway's: the times of its recordings cannot be trusted; check its NTP settings`,
  };
}

export function noPicture(why: string): Bilingual {
  return { zh: `登录正常，但取不到抓图（${why}）`, en: `Login works, but no snapshot can be had (${why})` };
}

export function noStreamAddress(why: string): Bilingual {
  return {
    zh: `摄像机没有给出视频流地址（${why}）`,
    en: `The camera does not name the address of its stream (${why})`,
  };
}

export function noStream(why: StreamFailure, port: string): Bilingual {
  switch (why.kind) {
    case 'no-connection':
      return {
        zh: `视频流端口 ${port} 连不上（${why.detail}）：检查摄像机的 RTSP 服务和端口`,
        en: `The port of the stream (${port}) cannot be reached (${why.detail}): check RTSP and its port on the camera`,
      };
    case 'denied':
      return {
        zh: '视频流拒绝登录：检查该用户是否有实时预览权限',
        en: 'The stream refuses the login: check that the user may view live video',
      };
    case 'status':
      if (why.status === 453 || why.status === 503) {
        return {
          zh: `摄像机不再接受观看者（RTSP ${why.status}）：观看连接过多或带宽不足`,
          en: `The camera takes no more viewers (RTSP ${why.status}): too many connections, or too little bandwidth`,
        };
      }
      return {
        zh: `视频流地址无效（RTSP ${why.status} ${why.reason}）：检查编码通道设置`,
        en: `The stream is not where the camera says (RTSP ${why.status} ${why.reason}): check the settings of its encoder`,
      };
    case 'no-video':
      return { zh: '视频流里没有 H.264 或 H.265 视频', en: 'The stream has no H.264 or H.265 video' };
    case 'silent':
      return {
        zh: `视频流连接后没有数据（停在 ${why.after}）：重启摄像机，检查网络`,
        en: `The stream connects and then says nothing (at ${why.after}): restart the camera, check the network`,
      };
    case 'nonsense':
      return {
        zh: `端口 ${port} 上不是 RTSP：检查视频流端口`,
        en: `What answers at port ${port} is not RTSP: check the port of the stream`,
      };
    case 'no-keyframe':
      return {
        zh: `视频流有数据（${why.packets} 包）但没有完整的关键帧：检查丢包和编码器设置`,
        en: `The stream flows (${why.packets} packets) but brings no whole key frame: check for lost packets, and the encoder`,
      };
    case 'closed':
      return { zh: `视频流中断（${why.detail}）`, en: `The stream broke off (${why.detail})` };
  }
}

/** A frame rate below this share of what the profile promises is a fault. */
const fewestFrames = 0.5;

export function streamDiffers(
  seen: Extract<StreamLook, { ok: true }>,
  promised: CameraStream,
): Bilingual | null {
  const { size, fps } = seen;
  if (
    size &&
    promised.width &&
    promised.height &&
    (size.width !== promised.width || size.height !== promised.height)
  ) {
    const [is, should] = [`${size.width}×${size.height}`, `${promised.width}×${promised.height}`];
    return {
      zh: `视频流分辨率是 ${is}，配置是 ${should}：重启摄像机或重新保存编码设置`,
      en: `The stream has ${is}, its profile says ${should}: restart the camera, or save the encoder's settings again`,
    };
  }
  if (promised.fps !== null && (fps ?? 0) < promised.fps * fewestFrames) {
    const is = (fps ?? 0).toFixed(1);
    return {
      zh: `视频流每秒 ${is} 帧，配置是 ${promised.fps} 帧：检查网络带宽和摄像机负载`,
      en: `The stream has ${is} frames a second, its profile says ${promised.fps}: check the network and the load of the camera`,
    };
  }
  return null;
}

export function recordingsShort(days: number | null, wanted: number): Bilingual {
  return days === null
    ? {
        zh: `没有录像（应保存 ${wanted} 天）：检查存储卡、硬盘和录像计划`,
        en: `There are no recordings (${wanted} days are required): check the card or disk and the schedule`,
      }
    : {
        zh: `录像只有 ${days} 天，应保存 ${wanted} 天：检查存储容量和录像计划`,
        en: `Recordings reach back ${days} days, ${wanted} are required: check the size of the storage and the schedule`,
      };
}

export const storageFailed: Bilingual = {
  zh: '摄像机报告存储故障：检查存储卡或硬盘',
  en: 'The camera reports that its storage has failed: check its card or disk',
};
