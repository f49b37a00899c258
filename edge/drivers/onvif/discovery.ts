import nodeOnvif from 'node-onvif';

export interface FoundCamera {
  /** The address of its device service, for `address` in the edge's file. */
  address: string;
  urn: string;
  name: string;
  hardware: string;
  /** Where its installer says it hangs, '' where nobody said. */
  location: string;
}

const foundLimit = 1000;

/**
 * Asks the local network for ONVIF cameras (WS-Discovery: nine probes by multicast, then 3 s in all for the
 * answers) and returns those that named an http address. Not for two callers at once: node-onvif keeps one
 * socket. What is found was said by whoever answered: it is a proposal for a person, not a configuration.
 */
export async function discoverCameras(): Promise<FoundCamera[]> {
  const matches = await nodeOnvif.startProbe();
  return matches.slice(0, foundLimit).flatMap(({ urn, name, hardware, location, xaddrs }) => {
    const address = xaddrs.find((x) => /^https?:/.test(x) && URL.canParse(x));
    return address ? [{ address, urn, name, hardware, location: location ?? '' }] : [];
  });
}
