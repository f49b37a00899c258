declare module 'node-onvif' {
  export interface ProbeMatch {
    urn: string;
    name: string;
    hardware: string;
    location: string;
    types: string | string[];
    xaddrs: string[];
    scopes: string[];
  }
  export class OnvifDevice {
    constructor(options: { xaddr: string; user?: string; pass?: string });
    init(): Promise<Record<string, string>>;
    fetchSnapshot(): Promise<{ headers: Record<string, string>; body: Buffer }>;
    getCurrentProfile(): { token: string; snapshot: string } | null;
  }
  const onvif: { OnvifDevice: typeof OnvifDevice; startProbe(): Promise<ProbeMatch[]> };
  export default onvif;
}
