import type { Clock, Log } from '#platform/ports.ts';
import type { SpreadsheetPort } from '#platform/spreadsheets.ts';
import type { ApiCentre } from '#protocols/api.ts';
import type { Attention } from '../alerts/attention.ts';
import type { Commands } from '../commands/commands.ts';
import type { Ended, Ending } from '../dispatch/ending.ts';
import type { Drills } from '../drills/drills.ts';
import type { Feed } from '../feed.ts';
import type { FourHundred } from '../four-hundred/four-hundred.ts';
import type { DensityEdition } from '#protocols/sight/pixel-density.ts';
import type { CloudConfig } from '../config.ts';
import type { Incidents } from '../incidents/incidents.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { Load } from '../ingest/shedding.ts';
import type { Liveness } from '../liveness/liveness.ts';
import type { Channels } from '../notify/notify.ts';
import type { Register } from '../people/register.ts';
import type { Pictures } from '../pictures/pictures.ts';
import type { Records } from '../records/records.ts';
import type { Store } from '../store/store.ts';
import type { TelemetryStore } from '../telemetry/telemetry-store.ts';

/** What the API shows of a running cloud, and the little that it may do to it. */
export interface ApiParts {
  clock: Clock;
  log: Log;
  store: Store;
  feed: Feed;
  liveness: Liveness;
  incidents: Pick<Incidents, 'acknowledge' | 'resolve'>;
  attention: Attention;
  channels: Channels;
  commands: Pick<Commands, 'send' | 'get'>;
  drills: Pick<Drills, 'declare' | 'end' | 'answered'>;
  /** A person ends the delivery of an alarm. */
  endDelivery(alarm: string, ending: Ending): Promise<Ended>;
  centres(): ApiCentre[];
  telemetry: Pick<TelemetryStore, 'query'>;
  records: Pick<Records, 'query'>;
  /** Null: they could not be opened, or this world has none. */
  pictures: Pictures | null;
  load(): Load;
  inventory: Inventory;
  people: Register;
  spreadsheets: SpreadsheetPort;
  fourHundred: FourHundred;
  densities: readonly DensityEdition[];
  campuses: CloudConfig['campuses'];
  /** Bound of press to 110, ms. */
  boundMs: number;
}
