import { Buffer } from 'node:buffer';
import { readDensities } from '#platform/pixel-densities.ts';
import type { MqttLink, Ports } from '#platform/ports.ts';
import { readHolidays } from '#platform/public-holidays.ts';
import { readRules } from '#platform/rule-set.ts';
import { within } from '#platform/within.ts';
import type { ApiCentre } from '#protocols/api.ts';
import type { RuleSet } from '#protocols/four-hundred/rules.ts';
import type { GivenCity } from '#protocols/inventory/entry.ts';
import type { DensityEdition } from '#protocols/sight/pixel-density.ts';
import { cloudAlarmFilter, cloudBulkFilters, type Lane, topicOf } from '#protocols/messages/topics.ts';
import { type Alerts, createAlerts } from './alerts/alerts.ts';
import { type Attention, createAttention } from './alerts/attention.ts';
import { type Commands, startCommands } from './commands/commands.ts';
import type { CloudConfig } from './config.ts';
import { type Centre, centresNow, openCentres, watchCentres } from './dispatch/centres.ts';
import { endDelivery, type Ended, type Ending } from './dispatch/ending.ts';
import { Dispatcher } from './dispatch/dispatcher.ts';
import { startRecovery } from './dispatch/recovery.ts';
import { type Drills, startDrills } from './drills/drills.ts';
import { createFeed, type Feed } from './feed.ts';
import { FourHundred } from './four-hundred/four-hundred.ts';
import { Inventory } from './inventory/inventory.ts';
import { createIncidents, type Incidents } from './incidents/incidents.ts';
import { AlarmIngest } from './ingest/alarm-ingest.ts';
import { createAnswers } from './ingest/answers.ts';
import { BulkIngest, type BulkSinks, telemetryWaitingLimit } from './ingest/bulk-ingest.ts';
import { overloaded } from './ingest/ingest-alerts.ts';
import { startForgetting } from './ingest/forgetting.ts';
import { createQuarantine } from './ingest/quarantine.ts';
import { createReports } from './ingest/reports.ts';
import { type Load, Shedding } from './ingest/shedding.ts';
import { watchLatency } from './latency/watch.ts';
import { type Liveness, startLiveness } from './liveness/liveness.ts';
import { namesOf } from './names.ts';
import { placesOf } from './places.ts';
import { type Channels, type Outside, startNotifying } from './notify/notify.ts';
import { probedButtons, tellOverdue } from './probes/duties.ts';
import { startProbes } from './probes/probes.ts';
import { Register } from './people/register.ts';
import { openPictures, type Pictures } from './pictures/pictures.ts';
import { type Records, recordsIn } from './records/records.ts';
import { openStore, type Store } from './store/store.ts';
import { gapAlerts } from './telemetry/gap-alerts.ts';
import { keepTelemetryOpen } from './telemetry/kept-open.ts';
import { openTelemetry, type Telemetry } from './telemetry/telemetry.ts';

/** A running cloud, as the API, the notifier and the command line need it. */
export interface Cloud {
  store: Store;
  feed: Feed;
  alerts: Alerts;
  attention: Attention;
  channels: Channels;
  incidents: Incidents;
  liveness: Liveness;
  telemetry: Pick<Telemetry, 'query'>;
  records: Pick<Records, 'query'>;
  /** Null where they could not be opened, or this world has none. */
  pictures: Pictures | null;
  /** How full the telemetry queue is, and what is asked of gateways for it. */
  load(): Load;
  inventory: Inventory;
  people: Register;
  fourHundred: FourHundred;
  densities: readonly DensityEdition[];
  commands: Commands;
  drills: Drills;
  /** A person ends the delivery of an alarm that no centre has acknowledged. */
  endDelivery(alarm: string, ending: Ending): Promise<Ended>;
  /** Centres with their doors' supervision, as they are now. */
  centres(): ApiCentre[];
  /** Whether the two connections to the broker are up. */
  links(): { alarm: boolean; bulk: boolean };
  /** Ends it within 2 s. What was committed stays; what was not is asked for again by the edges. */
  close(): Promise<void>;
}

const closeWithinMs = 1500;

/**
 * Starts the cloud on these ports. Many may run in one process. Centres are those of the file unless others
 * are passed in; `inventoryFiles`: what the folder of the inventory says; `rules`: those of the city, left out: the national
 * ones; `http` is wanted where an InfluxDB or a webhook is configured. Rejects with a `DatabaseError`
 * when the store cannot be opened.
 */
export async function startCloud(
  ports: Ports,
  config: CloudConfig,
  other: { centres?: readonly Centre[]; inventoryFiles?: GivenCity | null; rules?: RuleSet } & Outside = {},
): Promise<Cloud> {
  const { clock, random, log } = ports;
  const store = await openStore(ports);
  const centres = other.centres ?? openCentres(ports, config);
  const names = namesOf(config.campuses);
  const feed = createFeed(store);
  const kept = { clock, random, log, store };
  const alerts = await createAlerts(kept);
  const attention = await createAttention(kept);
  const incidents = createIncidents(kept);
  const quarantine = createQuarantine(kept);

  const links: { alarm: MqttLink | null; bulk: MqttLink | null } = { alarm: null, bulk: null };
  const publishOn = (name: keyof typeof links) => (topic: string, message: object) => {
    const link = links[name];
    if (link === null || !link.up) return;
    link
      .publish(topic, JSON.stringify(message))
      .catch((error: unknown) => log.debug('a message did not reach the broker', { topic, error }));
  };

  // Opened when there is a fleet to ask; an alarm of before goes out without links.
  let pictures: Pictures | null = null;
  let inventoryRead: Inventory | null = null;
  const answers = createAnswers({ clock, log, store, publish: publishOn('alarm') });
  const dispatcher = new Dispatcher({
    ...kept,
    alerts,
    incidents,
    centres,
    names,
    undeliveredAfterMs: config.latency.bound_ms,
    places: placesOf(config.campuses, (campus) => inventoryRead?.wordsOf(campus) ?? null),
    forCentre: (alarm, at, centre) => pictures?.links.forCentre(alarm, at, centre) ?? alarm,
    onDelivered: (held) => answers.tell(held),
  });
  const primaryCentre = centres.find((centre) => centre.primary)!;
  const primary = primaryCentre.id;
  const { tell } = answers;
  const reports = await createReports({ ...kept, alerts, incidents, dispatcher, primary, names, tell });
  const recovery = await startRecovery({
    clock,
    log,
    store,
    alerts,
    dispatcher,
    centres,
    publish: answers.publish,
  });

  const sendBulk = publishOn('bulk');
  const send = (campus: string, gateway: string, lane: Lane, message: object) =>
    sendBulk(topicOf(campus, gateway, lane), message);
  const commands = await startCommands({
    clock,
    random,
    log,
    store,
    publish: (campus, gateway, message) => send(campus, gateway, 'command', message),
  });
  const drills = await startDrills({ clock, random, log, store, alerts, commands, names });
  const end = (alarm: string, ending: Ending) =>
    endDelivery({ clock, log, store, incidents, dispatcher, answers }, alarm, ending);
  const liveness = await startLiveness({
    clock,
    random,
    log,
    store,
    alerts,
    campuses: config.campuses,
    send,
  });
  pictures = await openPictures({ ports, config, store, feed, commands, fleet: () => liveness }).catch(
    (error: unknown) => {
      log.error('pictures cannot be kept; alarms are served without them', { error });
      return null;
    },
  );
  const inventory = await Inventory.open({ ...kept, files: other.inventoryFiles ?? null });
  inventoryRead = inventory;
  const people = await Register.open(store);
  const fourHundred = await FourHundred.start({
    ...kept,
    liveness,
    inventory,
    rules: other.rules ?? readRules(),
    holidays: readHolidays(),
    personOf: (campus, card) => people.personOf(campus, card),
  });
  const records = recordsIn({ clock, store });
  const shedding = new Shedding(clock, random, telemetryWaitingLimit, (step) => {
    log.warn('the load changed', { step });
    if (step === 'free') void alerts.clear('overloaded', 'telemetry');
    else void alerts.raise(overloaded());
  });
  const gaps = gapAlerts({ clock, log, store, alerts, names });
  let batchesWaiting = 0;
  const waiting = () => shedding.waiting(batchesWaiting, alarmIngest.waiting);
  // A broken telemetry file must not keep a single alarm from 110.
  const telemetry = await keepTelemetryOpen({ ...ports, alerts }, () =>
    openTelemetry(
      {
        ...ports,
        http: other.http ?? null,
        epoch: store.epoch,
        records,
        pace: () => shedding.pace(),
        onGap: (gap) => gaps.onGap(gap),
        send,
      },
      config.telemetry,
    ),
  );
  const sinks: BulkSinks = {
    state(campus, gateway, message, receivedAt) {
      liveness.onState(campus, gateway, message, receivedAt);
      fourHundred.onState(campus, gateway, message, receivedAt);
      if (message.kind !== 'birth') return;
      recovery.ask(gateway);
      pictures?.onBirth(campus, gateway, message);
    },
    async telemetry(campus, gateway, message) {
      // Before it is acknowledged: evidence that could not be written comes again.
      if (message.kind === 'telemetry') await fourHundred.onTelemetry(campus, gateway, message);
      await telemetry.receive(campus, gateway, message);
    },
    putOff: (campus, gateway, message) => telemetry.putOff(campus, gateway, message),
    reply: (gateway, message) => commands.onReply(gateway, message),
    spoke: (campus, gateway, session) => liveness.spoke(campus, gateway, session),
  };
  const alarmIngest = new AlarmIngest({
    clock,
    log,
    store,
    alerts,
    dispatcher,
    drills,
    reports,
    answers,
    quarantine,
    centres: centres.map(({ id }) => id),
    primary,
    names,
    onSession: sinks.spoke,
    onWaiting: waiting,
  });
  const bulkIngest = new BulkIngest({
    clock,
    log,
    quarantine,
    sinks,
    shedding,
    waiting(batches) {
      batchesWaiting = batches;
      waiting();
    },
  });

  const boundMs = config.latency.bound_ms;
  const stopLatency = await watchLatency({ store, feed, alerts, clock, log, names, boundMs });
  const notifying = startNotifying({ ...ports, ...other, store, feed, liveness }, config);

  // Two connections, so that no alarm waits behind telemetry. Ids are random: two clouds on one broker must not
  // throw each other out, and clean sessions leave nothing behind.
  const client = `belfry-cloud-${Buffer.from(random.bytes(6)).toString('hex')}`;
  links.alarm = ports.mqtt.connect({
    clientId: `${client}-alarm`,
    subscribe: [cloudAlarmFilter],
    onUp() {
      log.info('the alarm link is up');
      recovery.askAll();
    },
    onDown: (reason) => log.warn('the alarm link is down', { reason }),
    onMessage: (topic, payload) => alarmIngest.onMessage(topic, payload),
  });
  links.bulk = ports.mqtt.connect({
    clientId: `${client}-bulk`,
    subscribe: cloudBulkFilters,
    onUp: () => log.info('the bulk link is up'),
    onDown: (reason) => log.warn('the bulk link is down', { reason }),
    onMessage: (topic, payload) => bulkIngest.onMessage(topic, payload),
  });

  const stopWatching = watchCentres({ clock, log, store, alerts }, centres);
  const buttons = () => probedButtons(config, liveness.devices());
  const stopProbes = await startProbes({
    clock,
    random,
    log,
    store,
    alerts,
    commands,
    names,
    config,
    primary: primaryCentre,
    buttons,
    tellOverdue: () => tellOverdue({ clock, store, alerts, names }, buttons()),
    endDelivery: end,
  });
  const stopForgetting = startForgetting({ clock, log, store });

  async function shut(): Promise<void> {
    await Promise.allSettled([
      links.alarm?.close(),
      links.bulk?.close(),
      liveness.close(),
      fourHundred.close(),
      telemetry.close(),
      pictures?.close(),
      stopLatency(),
      notifying.stop(),
      ...centres.flatMap(({ doors }) => doors.map(({ door }) => door.close())),
    ]);
    await store.close();
  }

  let closing: Promise<void> | null = null;
  return {
    store,
    feed,
    alerts,
    attention,
    channels: notifying.channels,
    incidents,
    liveness,
    telemetry,
    records,
    pictures,
    load: () => shedding.load(),
    inventory,
    people,
    fourHundred,
    densities: readDensities(),
    commands,
    drills,
    endDelivery: end,
    centres: () => centresNow(centres),
    links: () => ({ alarm: links.alarm?.up ?? false, bulk: links.bulk?.up ?? false }),
    close() {
      closing ??= (async () => {
        stopWatching();
        stopForgetting();
        stopProbes();
        drills.close();
        attention.close();
        alerts.close();
        reports.close();
        commands.close();
        recovery.close();
        alarmIngest.close();
        bulkIngest.close();
        gaps.close();
        dispatcher.close();
        await within(clock, closeWithinMs, shut());
      })();
      return closing;
    },
  };
}
