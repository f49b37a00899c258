import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { consoleFolder } from '../bin/build-console.mjs';
import { openAccess } from '#cloud/access/access.ts';
import { singleSignOn } from '#cloud/access/single-sign-on.ts';
import { startApi } from '#cloud/api/api.ts';
import { startEmbeddedBroker } from '#cloud/broker/embedded.ts';
import type { CloudConfig } from '#cloud/config.ts';
import { startCloud } from '#cloud/start.ts';
import { realHttp } from '#platform/real/http.ts';
import { realMail } from '#platform/real/mail.ts';
import { realLog } from '#platform/real/log.ts';
import type { Log } from '#platform/ports.ts';
import { reasonOf } from '#platform/reason.ts';
import type { RuleSet } from '#protocols/four-hundred/rules.ts';
import { realSpreadsheets } from '#platform/real/spreadsheets.ts';
import { realPorts } from '#platform/real/ports.ts';
import { readCloudFile, rulesBeside } from './cloud-file.ts';
import { inventoryIn } from './inventory-folder.ts';
import { logOptions } from './logging.ts';
import { listening } from './ports.ts';
import { runService, UserError } from './service.ts';
import { setupUrl } from './user.ts';

export interface CloudOptions {
  config: string;
  data: string;
  tokenFile?: string;
  httpPort?: number;
  mqttPort?: number;
  log: string;
}

/** `belfry cloud`: broker, path, API and console in one process. */
export function cloud(options: CloudOptions): Promise<void> {
  return runService(async () => {
    const config = readCloudFile(options.config);
    const dataDir = resolve(options.data);
    mkdirSync(dataDir, { recursive: true });
    const log = logOptions(options.log);

    const { broker, url } = await openBroker(config, options.mqttPort, realLog(log));
    const ports = realPorts({ dataDir, mqttUrl: url, log });
    const rules = ownRules(options.config, config, ports.log);
    const running = await startCloud(ports, config, {
      ...(rules && { rules }),
      http: realHttp,
      mail: realMail,
      inventoryFiles: inventoryIn(join(dataDir, 'inventory'), ports.log),
    });
    const port = options.httpPort ?? config.http.port;
    // Without accounts alarms are served all the same, and only the local token opens the API.
    const access = await openAccess(ports).catch((error: unknown) => {
      ports.log.error('accounts cannot be read; only the local token opens the API', { error });
      return 'unavailable' as const;
    });
    const { tls, behind_proxy: behindProxy } = config.http;
    const api = await listening(port, '--http-port', () =>
      startApi(
        {
          clock: ports.clock,
          log: ports.log,
          campuses: config.campuses,
          spreadsheets: realSpreadsheets(),
          boundMs: config.latency.bound_ms,
          ...running,
        },
        {
          host: config.http.host,
          port,
          token: token(options.tokenFile ?? join(dataDir, 'cli-token')),
          consoleDir: consoleFolder,
          access,
          ...(config.sign_in.oidc && {
            singleSignOn: singleSignOn(config.sign_in.oidc, { ...ports, http: realHttp }),
          }),
          ...(tls && { tls: { cert: pem(tls.cert), key: pem(tls.key) } }),
          ...(behindProxy && { behindProxy }),
        },
      ),
    );
    ports.log.info('the cloud runs', { api: api.url, broker: url });
    writeFileSync(join(dataDir, 'url'), `${api.url}\n`);
    const setup =
      access === 'unavailable' || (await access.isSetUp())
        ? null
        : setupUrl(api.url, await access.newSetupLink());
    // To whoever started it; a log would keep it.
    if (setup !== null && process.send === undefined)
      process.stdout.write(`First set-up (once, within 24 hours): ${setup}\n`);
    return {
      ready: { url: api.url, setup },
      async close() {
        await api.close();
        if (access !== 'unavailable') await access.close();
        await running.close();
        await broker?.close();
      },
    };
  });
}

async function openBroker({ broker }: CloudConfig, override: number | undefined, log: Log) {
  if (broker.kind === 'external') return { broker: null, url: broker.url };
  const { host } = broker;
  const port = override ?? broker.port;
  const embedded = await listening(port, '--mqtt-port', () => startEmbeddedBroker({ host, port, log }));
  return { broker: embedded, url: `mqtt://${host}:${embedded.port}` };
}

function pem(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UserError(`http.tls: ${(error as Error).message}`);
  }
}

/** With a mistake in them the national rules judge: alarms are served as always. */
function ownRules(file: string, config: CloudConfig, log: Log): RuleSet | undefined {
  try {
    return rulesBeside(file, config);
  } catch (error) {
    log.error('the rules of the four hundred have mistakes; the national ones judge', {
      reason: reasonOf(error),
    });
    return undefined;
  }
}

/** The token for local use, made at the first start and kept. */
function token(file: string): string {
  if (!existsSync(file)) writeFileSync(file, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
  return readFileSync(file, 'utf8').trim();
}
