import type { CloudConfig } from '#cloud/config.ts';
import type { EdgeConfig } from '#edge/config.ts';
import type { Configuration, ConfigurationProblem } from '#platform/configuration.ts';

/** Where an edge's file and the cloud's do not fit together: each is in order by itself. */
export function contradictions(
  edge: Configuration<EdgeConfig>,
  cloud: Configuration<CloudConfig>,
): ConfigurationProblem[] {
  return [...ofDirectWay(edge, cloud), ...ofDevices(edge, cloud)];
}

/** The edge's own way must lead where the lamp's *delivered* comes from, under the same rules. */
function ofDirectWay(
  { value: { direct }, source }: Configuration<EdgeConfig>,
  cloud: Configuration<CloudConfig>,
): ConfigurationProblem[] {
  const primary = cloud.value.centres.find((centre) => centre.primary);
  if (!direct || !primary) return [];
  if (direct.centre !== primary.id) {
    return [
      source.problemAt(['direct', 'centre'], `the primary centre of the cloud's file is ${primary.id}`),
    ];
  }
  if (direct.takes_tests === primary.takes_tests) return [];
  const says = `the cloud's file says ${primary.takes_tests} of ${primary.id}: whether it takes tests must be the same on both ways`;
  return [source.problemAt(['direct', 'takes_tests'], says)];
}

function ofDevices(
  edge: Configuration<EdgeConfig>,
  cloud: Configuration<CloudConfig>,
): ConfigurationProblem[] {
  const { campus, gateway, devices } = edge.value;
  const { campuses } = cloud.value;
  // A cloud's file without places knows no devices by name, and asks for none.
  if (campuses.length === 0) return [];
  const c = campuses.findIndex(({ id }) => id === campus);
  if (c < 0) return [edge.source.problemAt(['campus'], `the cloud's file has no campus ${campus}`)];
  const g = campuses[c]!.gateways.findIndex(({ id }) => id === gateway);
  if (g < 0) {
    return [edge.source.problemAt(['gateway'], `the cloud's file has no gateway ${gateway} on ${campus}`)];
  }
  const listed = campuses[c]!.gateways[g]!.devices;
  const here = devices.flatMap(({ id, zone }, i) => {
    const there = listed.find((device) => device.id === id);
    if (!there) {
      return [
        edge.source.problemAt(['devices', i, 'id'], `the cloud's file has no device ${id} on ${gateway}`),
      ];
    }
    if (there.zone === undefined || there.zone === zone) return [];
    return [
      edge.source.problemAt(['devices', i, 'zone'], `the cloud's file says zone ${there.zone} of ${id}`),
    ];
  });
  const known = new Set(devices.map(({ id }) => id));
  const there = listed.flatMap(({ id, kind }, d) => {
    // A camera may be there for its picture alone, without any edge that looks at it.
    if (known.has(id) || kind === 'camera') return [];
    const path = ['campuses', c, 'gateways', g, 'devices', d, 'id'];
    return [cloud.source.problemAt(path, `the edge's file has no device ${id}`)];
  });
  return [...here, ...there];
}
