export interface DescribedVideo {
  codec: 'H264' | 'H265';
  payloadType: number;
  /** Of the track, and of the whole presentation: absolute, or relative to the base. Null: the base itself. */
  control: string | null;
  aggregate: string | null;
  /** Parameter sets that came with the description, as NAL units. */
  parameterSets: Uint8Array[];
}

/** The first H.264 or H.265 video of a session description (RFC 8866; RFC 6184, 8.1; RFC 7798, 7.1), or null. */
export function describedVideo(sdp: string): DescribedVideo | null {
  const [session = '', ...media] = sdp.split(/\r?\n(?=m=)/);
  const video = media.find((section) => section.startsWith('m=video '));
  if (video === undefined) return null;
  const rtpmap = /^a=rtpmap:(\d{1,3}) (H264|H265)\//im.exec(video);
  if (!rtpmap) return null;
  const format = new RegExp(`^a=fmtp:${rtpmap[1]} (.*)$`, 'im').exec(video)?.[1] ?? '';
  const sets = [...format.matchAll(/sprop-(?:parameter-sets|vps|sps|pps)=([A-Za-z0-9+/=,]{1,4096})/g)];
  const control = (section: string) => /^a=control:(\S{1,1024})/m.exec(section)?.[1] ?? null;
  return {
    codec: rtpmap[2]!.toUpperCase() as 'H264' | 'H265',
    payloadType: Number(rtpmap[1]),
    control: control(video),
    aggregate: control(session),
    parameterSets: sets.flatMap(([, list]) => list!.split(',').map((set) => Buffer.from(set, 'base64'))),
  };
}
