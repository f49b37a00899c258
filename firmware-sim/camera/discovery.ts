import dgram from 'node:dgram';

/** WS-Discovery (OASIS 1.1, 3.1.1): where cameras are asked for by multicast. */
const group = '239.255.255.250';
const port = 3702;

export interface Discoverable {
  /** `urn:uuid:…`, the same for the life of the camera. */
  urn: string;
  name: string;
  hardware: string;
  /** Where its installer says it hangs. */
  location?: string;
  /** Of its device service. */
  address: string;
}

/** Answers the probes of the local network for a simulated camera. Rejects where multicast cannot be joined. */
export async function answerProbes(camera: Discoverable): Promise<{ close(): Promise<void> }> {
  const socket = dgram.createSocket({ type: 'udp4', reuseAddr: true });
  socket.on('message', (probe, from) => {
    const text = probe.toString('utf8');
    const messageId = /<(?:\w+:)?MessageID[^>]*>([^<]+)</.exec(text)?.[1];
    if (!messageId || !/:?NetworkVideoTransmitter\b/.test(text)) return;
    socket.send(probeMatch(camera, messageId), from.port, from.address);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, () => {
      try {
        socket.addMembership(group);
        resolve();
      } catch (error) {
        socket.close();
        reject(error as Error);
      }
    });
  });
  socket.on('error', () => {});
  return { close: () => new Promise((done) => socket.close(() => done())) };
}

function probeMatch({ urn, name, hardware, location, address }: Discoverable, relatesTo: string): string {
  const scopes = [`name/${name.replaceAll(' ', '_')}`, `hardware/${hardware}`, 'Profile/Streaming'];
  if (location !== undefined) scopes.push(`location/${location}`);
  return `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><s:Header><a:RelatesTo>${relatesTo}</a:RelatesTo></s:Header><s:Body><d:ProbeMatches><d:ProbeMatch><a:EndpointReference><a:Address>${urn}</a:Address></a:EndpointReference><d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>${scopes.map((s) => `onvif://www.onvif.org/${s}`).join(' ')}</d:Scopes><d:XAddrs>${address}</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>`;
}
