import { dateAndTime } from './soap.ts';
import type { StreamShape } from './rtsp.ts';

/** What the answers of the camera depend on. */
export interface ServiceState {
  /** `http://host:port` as the camera names itself. */
  origin: string;
  streamUri: string;
  serial: string;
  /** UTC ms by the camera's clock. */
  wall: number;
  /** What its profile promises. */
  profile: StreamShape;
  /** How far its recordings reach back; null: it has none. */
  recordedDays: number | null;
}

const dayMs = 86_400_000;

/** The bodies of the answers that need no more than a look at the state, by operation. */
export function answers(state: ServiceState): Record<string, string> {
  const { origin, streamUri, serial, wall, profile, recordedDays } = state;
  const at = {
    device: `${origin}/onvif/device_service`,
    media: `${origin}/onvif/media_service`,
    events: `${origin}/onvif/event_service`,
    search: `${origin}/onvif/search_service`,
  };
  const service = (of: keyof typeof at) =>
    `<tds:Service><tds:Namespace>http://www.onvif.org/ver10/${of}/wsdl</tds:Namespace><tds:XAddr>${at[of]}</tds:XAddr><tds:Version><tt:Major>2</tt:Major><tt:Minor>60</tt:Minor></tds:Version></tds:Service>`;
  const offered = Object.keys(at).filter(
    (of) => of !== 'search' || recordedDays !== null,
  ) as (keyof typeof at)[];
  const uri = (of: string) =>
    `<trt:MediaUri><tt:Uri>${of}</tt:Uri><tt:InvalidAfterConnect>false</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout></trt:MediaUri>`;
  const profiles = ['main', 'sub'].map(
    (name) =>
      `<trt:Profiles token="${name}" fixed="true"><tt:Name>${name}</tt:Name><tt:VideoSourceConfiguration token="source"><tt:Name>source</tt:Name><tt:UseCount>2</tt:UseCount><tt:SourceToken>video</tt:SourceToken><tt:Bounds x="0" y="0" width="${profile.width}" height="${profile.height}"/></tt:VideoSourceConfiguration><tt:VideoEncoderConfiguration token="encoder-${name}"><tt:Name>${name}</tt:Name><tt:UseCount>1</tt:UseCount><tt:Encoding>H264</tt:Encoding><tt:Resolution><tt:Width>${profile.width}</tt:Width><tt:Height>${profile.height}</tt:Height></tt:Resolution><tt:Quality>5</tt:Quality><tt:RateControl><tt:FrameRateLimit>${profile.fps}</tt:FrameRateLimit><tt:EncodingInterval>1</tt:EncodingInterval><tt:BitrateLimit>2048</tt:BitrateLimit></tt:RateControl></tt:VideoEncoderConfiguration></trt:Profiles>`,
  );
  const summary = () => {
    const until = new Date(wall).toISOString();
    const from = new Date(wall - (recordedDays ?? 0) * dayMs).toISOString();
    return `<tse:GetRecordingSummaryResponse><tse:Summary><tt:DataFrom>${from}</tt:DataFrom><tt:DataUntil>${until}</tt:DataUntil><tt:NumberRecordings>1</tt:NumberRecordings></tse:Summary></tse:GetRecordingSummaryResponse>`;
  };
  return {
    GetSystemDateAndTime: `<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings>${dateAndTime(wall)}</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>`,
    GetServices: `<tds:GetServicesResponse>${offered.map(service).join('')}</tds:GetServicesResponse>`,
    GetCapabilities: `<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Device><tt:XAddr>${at.device}</tt:XAddr></tt:Device><tt:Events><tt:XAddr>${at.events}</tt:XAddr></tt:Events><tt:Media><tt:XAddr>${at.media}</tt:XAddr></tt:Media></tds:Capabilities></tds:GetCapabilitiesResponse>`,
    GetDeviceInformation: `<tds:GetDeviceInformationResponse><tds:Manufacturer>Belfry</tds:Manufacturer><tds:Model>SimCam</tds:Model><tds:FirmwareVersion>1.2.3</tds:FirmwareVersion><tds:SerialNumber>${serial}</tds:SerialNumber><tds:HardwareId>1</tds:HardwareId></tds:GetDeviceInformationResponse>`,
    GetProfiles: `<trt:GetProfilesResponse>${profiles.join('')}</trt:GetProfilesResponse>`,
    GetVideoSources: `<trt:GetVideoSourcesResponse><trt:VideoSources token="video"><tt:Framerate>${profile.fps}</tt:Framerate><tt:Resolution><tt:Width>${profile.width}</tt:Width><tt:Height>${profile.height}</tt:Height></tt:Resolution></trt:VideoSources></trt:GetVideoSourcesResponse>`,
    GetSnapshotUri: `<trt:GetSnapshotUriResponse>${uri(`${origin}/snapshot?channel=1`)}</trt:GetSnapshotUriResponse>`,
    GetStreamUri: `<trt:GetStreamUriResponse>${uri(streamUri)}</trt:GetStreamUriResponse>`,
    SystemReboot: '<tds:SystemRebootResponse><tds:Message>Rebooting</tds:Message></tds:SystemRebootResponse>',
    ...(recordedDays === null ? {} : { GetRecordingSummary: summary() }),
  };
}
