import { z } from 'zod';
import type { DeviceKind } from '#protocols/messages/state.ts';
import { deviceBase } from '../config.ts';
import type { Driver } from '../driver.ts';
import { station } from './gbt26875/station.ts';
import { overLine, overListener } from './gbt26875/ways.ts';
import { signalOf } from './gbt26875/words.ts';

const byte = z.int().min(0).max(255);
/** `zone-number` as installers write it (the low and the high half of the four bytes), or the whole number. */
const componentAddress = z.union([
  z.int().min(0).max(0xffff_ffff),
  z
    .string()
    .regex(/^\d{1,5}-\d{1,5}$/, 'write zone-number, as in 10-2')
    .transform((text) => text.split('-').map(Number) as [number, number])
    .refine((halves) => halves.every((half) => half <= 0xffff), 'zone and number go to 65535')
    .transform(([zone, number]) => zone + number * 0x1_0000),
]);

const firePanelDevice = deviceBase.extend({
  driver: z.literal('fire-panel'),
  /** Source address of the transmission device, as it is set in it (6 bytes as a number). */
  source: z
    .int()
    .min(0)
    .max(2 ** 48 - 1),
  /** Our own address, where the device does not take the one that it sends to. */
  centre: z
    .int()
    .min(0)
    .max(2 ** 48 - 1)
    .optional(),
  /** Hosts that may dial in; needed where we listen on more than loopback. */
  allow: z.array(z.union([z.ipv4(), z.ipv6()])).optional(),
  /** This device is one component behind the transmission device of `source`. */
  component: z
    .strictObject({
      type: byte,
      address: componentAddress,
      system: byte.optional(),
      system_address: byte.optional(),
    })
    .optional(),
});
export type FirePanelDevice = z.infer<typeof firePanelDevice>;

/**
 * User information transmission devices of fire protection by GB/T 26875.3-2011: we are their monitoring centre,
 * which they dial in to (`listen://`), or which reads their serial line.
 */
export const firePanelDriver: Driver<FirePanelDevice> = {
  name: 'fire-panel',
  wires: ['listen', 'tty', 'tcp'],
  device: firePanelDevice,
  describe: ({ component }) => ({
    kind: component ? kindOf(component.type) : 'fire-panel',
    alarms: true,
    acts: component ? [] : ['set-clock', 'duty-poll'],
  }),
  configure({ address, devices }) {
    const problems: { device: number; problem: string }[] = [];
    const seen = new Map<string, string>();
    devices.forEach((one, device) => {
      const { id, source, component } = one;
      const wrong = (problem: string) => problems.push({ device, problem });
      const what = component
        ? `component ${JSON.stringify(component)} of source ${source}`
        : `source ${source}`;
      const other = seen.get(what);
      if (other !== undefined) wrong(`${what} is already ${other}`);
      seen.set(what, id);
      if (component) {
        if (!devices.some((d) => !d.component && d.source === source)) {
          wrong(`there is no transmission device with source ${source} at this address`);
        }
        if (one.allow || one.centre !== undefined)
          wrong('allow and centre belong to the transmission device');
        return;
      }
      const open = address.kind === 'listen' && !/^(127\.|::1$|localhost$)/.test(address.host);
      if (open && !one.allow?.length) {
        wrong('who listens on more than loopback writes allow: [address of the transmission device]');
      }
    });
    return problems;
  },
  start(context, { address, devices }) {
    const heads = devices.filter((d) => !d.component);
    const stations = heads.map((head) => ({
      id: head.id,
      ...station(
        context,
        head,
        devices.filter((d) => d.component && d.source === head.source),
      ),
    }));
    const allow = heads.flatMap((head) => head.allow ?? []);
    const ways =
      address.kind === 'listen'
        ? overListener(context, address, stations, allow)
        : overLine(context, address, stations);
    return {
      async act(device, act) {
        const asked = stations.find(({ id }) => id === device);
        if (asked && act.do === 'set-clock') return asked.setClock();
        if (asked && act.do === 'duty-poll') return asked.dutyPoll(act.minutes);
        throw new Error(`${device} cannot do ${act.do}`);
      },
      async close() {
        for (const one of stations) one.close();
        await ways.close();
      },
    };
  },
};

function kindOf(componentType: number): DeviceKind {
  const signal = signalOf(componentType);
  return signal === 'smoke' || signal === 'heat' || signal === 'gas' ? signal : 'fire-panel';
}
