import { hkdfSync } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { destination, pino } from "pino";
import { alarmsMigrations } from "./alarms/index.ts";
import {
  ApiMetrics,
  answerCalls,
  type ControlSchema,
  cloudtrailOperations,
  type Health,
  iamOperations,
  isLink,
  organizationsOperations,
  outboxMigrations,
  Recorder,
  type ServedService,
  serveHttp,
  serveStatus,
  stsOperations,
  Throttle,
  trustedProxies,
} from "./api/index.ts";
import { type Catalog, openCatalog, service } from "./aws/index.ts";
import { learnedMigrations, type Route } from "./capture/index.ts";
import { type Address, type Config, readConfig } from "./config.ts";
import { PageTokens, systemClock, systemRandom } from "./core/index.ts";
import { checkParts, checkPresent } from "./data-directory.ts";
import { deliveriesMigrations } from "./deliveries/index.ts";
import { openHistory } from "./history/index.ts";
import {
  bootstrap,
  identityMigrations,
  type IdentitySchema,
  loadKeyFile,
  openAuthorizer,
  openCredentials,
  SecretBox,
} from "./identity/index.ts";
import { integrityMigrations } from "./integrity/index.ts";
import { lockDirectory, openJournal } from "./journal/index.ts";
import { mayLogInRole } from "./log-role.ts";
import { logGroupsMigrations } from "./loggroups/index.ts";
import { rulesMigrations } from "./rules/index.ts";
import { DirectoryObjectStore, openTables } from "./store/index.ts";
import { startBuckets } from "./start-buckets.ts";
import { startCapture } from "./start-capture.ts";
import { startNotifications } from "./start-notifications.ts";
import { startTrails } from "./start-trails.ts";
import { topicsMigrations } from "./topics/index.ts";
import { type Organization, trailsMigrations } from "./trails/index.ts";
import { version } from "./version.ts";
import type { World } from "./world.ts";

/** How long answers in flight may take to finish once we are told to stop. */
const GRACE_MS = 10_000;

/** How old the tables' idea of a key's last use may be. */
const LAST_USED_MS = 2_000;

interface Running {
  /** Where the API and the status pages listen, with the ports that were really taken. */
  readonly api: Address;
  readonly console: Address;
  readonly credentialsPath: string;
  readonly routes: readonly Route[];
  /** Answers in flight finish, everything acknowledged is on disk, files are closed. */
  stop(): Promise<void>;
}

/** Starts everything, wired by hand: each part gets what it needs here and nowhere else. */
async function startOpenTrail(config: Config, { clock, random, log }: World): Promise<Running> {
  const { dataDirectory, accounts, region } = config;
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  const unlock = lockDirectory(dataDirectory);
  const startedAt = clock.elapsed();
  const metrics = new ApiMetrics();

  checkParts(dataDirectory);
  const key = await loadKeyFile(join(dataDirectory, "secret.key"), random);
  const box = new SecretBox(key, random);
  const objects = new DirectoryObjectStore(join(dataDirectory, "objects"));
  await objects.removeUnfinished();
  const journal = await openJournal(
    {
      directory: join(dataDirectory, "journal"),
      objects,
      clock,
      random,
      log,
      onCommit: (latencyMs, records) => metrics.committed(latencyMs, records),
    },
    { segmentRecords: config.journalSegmentRecords },
  );
  if (journal.head > 0) checkPresent(dataDirectory, "tables.db", "the journal has records");
  const tables = await openTables<ControlSchema>(join(dataDirectory, "tables.db"), {
    ...identityMigrations,
    ...outboxMigrations,
    ...learnedMigrations,
    ...trailsMigrations,
    ...integrityMigrations,
    ...deliveriesMigrations,
    ...rulesMigrations,
    ...topicsMigrations,
    ...logGroupsMigrations,
    ...alarmsMigrations,
  });
  const identityTables = tables.$pickTables<keyof IdentitySchema>();
  const credentialsPath = (account: string): string =>
    join(dataDirectory, account === accounts[0] ? "root-credentials" : `root-credentials-${account}`);
  await bootstrap({
    tables: identityTables,
    box,
    random,
    clock,
    accounts,
    credentialsPath,
    region,
  });

  const recorder = new Recorder({ journal, objects, tables, clock, random, log, account: accounts[0], region });
  await recorder.recover();
  // A key of their own: what seals page tokens must not be what encrypts secrets.
  const tokens = new PageTokens(new Uint8Array(hkdfSync("sha256", key, "", "page tokens", 32)));
  const history = await openHistory({ journal, clock, tokens }, { retentionDays: config.historyRetentionDays });

  const catalog = openCatalog({ bucketHosts: config.bucketHosts });
  const buckets = await startBuckets({
    config,
    key,
    catalog,
    wants: (record) => trails.wants(record),
    world: { clock, random, log },
  });
  const trails = await startTrails({
    config,
    tables,
    journal,
    recorder,
    box,
    store: buckets.store,
    metrics,
    world: { clock, random, log },
    wake: () => notifications.wake(),
    putLogs: (group, stream, events) => notifications.putLogs(group, stream, events),
  });
  let apiUrl = "";
  const notifications = await startNotifications({
    config,
    key,
    tables,
    journal,
    objects,
    recorder,
    box,
    tokens,
    catalog,
    metrics,
    world: { clock, random, log },
    publicUrl: () => config.publicUrl ?? apiUrl,
  });

  const credentials = openCredentials({ tables: identityTables, box });
  const flushing = setInterval(() => {
    credentials.flush().catch((err: unknown) => log.warn({ err }, "last uses of keys could not be written yet"));
  }, LAST_USED_MS).unref();
  const authorizer = openAuthorizer({
    tables: identityTables,
    onUnreadable: (policy, why) => log.error({ policy, why }, "a policy cannot be read: it denies everything"),
  });
  const { organizationId } = config;
  const organization = organizationId === undefined ? undefined : { id: organizationId, accounts };
  const services: readonly ServedService[] = [
    {
      model: service("cloudtrail"),
      operations: cloudtrailOperations({
        history,
        store: buckets.store,
        organization,
        digests: trails.digests,
        random,
        tokens,
        changed: () => {
          trails.changed();
          notifications.trailsChanged();
        },
        checkLogGroup: async (groupArn, roleArn) => {
          const missing = await notifications.checkLogGroup(groupArn);
          if (missing !== undefined) return missing;
          const may = await mayLogInRole(identityTables, authorizer, { roleArn, groupArn }, clock.now());
          return may ? undefined : "role";
        },
        checkTopic: (topicArn, trailArn) => notifications.topics.checkTopic(topicArn, trailArn),
      }) as ServedService["operations"],
    },
    { model: service("cloudtrail-data"), operations: {} },
    ...organizationServices(catalog, organization),
    { model: service("iam"), operations: iamOperations({ random, box, tokens }) as ServedService["operations"] },
    { model: service("sts"), operations: stsOperations({ random, box }) as ServedService["operations"] },
    ...notifications.services,
  ];
  const answer = answerCalls({
    services,
    credentials,
    authorizer,
    tables,
    recorder,
    journalHealth: () => journal.health,
    throttle: new Throttle(config.callsPerSecondMax, clock),
    clock,
    random,
    metrics,
    log,
    defaultAccount: accounts[0],
    defaultRegion: region,
    publicDocument: (path) => notifications.topics.certificateFor(path),
  });
  metrics.gauge("opentrail_journal_head", "Sequence that the next record will get.", () => journal.head);
  metrics.gauge("opentrail_journal_writable", "1 when records can be made durable.", () =>
    Number(journal.health.writable),
  );
  metrics.gauge(
    "opentrail_history_lag_records",
    "Durable records that LookupEvents does not see yet.",
    () => journal.head - history.visible,
  );
  metrics.gauge(
    "opentrail_unrecorded_calls",
    "Calls answered without a record and not yet counted in the log.",
    () => recorder.lost,
  );

  const health = (): Health => ({
    ok:
      journal.health.writable && recorder.tablesProblem === undefined && capture.audit().intents.problem === undefined,
    uptimeSeconds: Math.round((clock.elapsed() - startedAt) / 1000),
    journal: { ...journal.health, head: journal.head },
    history: { visible: history.visible },
    tables: tablesHealth(recorder.tablesProblem),
    unrecordedCalls: recorder.lost,
    gateway: capture.audit(),
    trails: trails.stats(),
    notifications: notifications.stats(),
  });
  const capture = await startCapture({
    config,
    ownServices: new Set(services.map(({ model }) => model.signingName)),
    isOwnLink: (head) => isLink(head) || /^\/SimpleNotificationService-[0-9a-f]{32}\.pem$/.test(head.path),
    credentials,
    authorizer,
    tables,
    journal,
    recorder,
    metrics,
    catalog,
    ownBuckets: buckets.own,
    world: { clock, random, log },
  });
  const status = await serveStatus(config.console, { health, metrics, webhook: capture.webhook });
  const tls = config.tls && { cert: readFileSync(config.tls.certificate), key: readFileSync(config.tls.key) };
  const trustsProxy = trustedProxies(config.trustedProxies);
  const api = await serveHttp(config.api, { answer, gateway: capture.gateway }, log, {
    ...(tls === undefined ? {} : { tls }),
    ...(trustsProxy === undefined ? {} : { trustsProxy }),
  });

  apiUrl = urlOf({ host: config.api.host, port: api.port }, tls === undefined ? "http" : "https");

  return {
    api: { host: config.api.host, port: api.port },
    console: { host: config.console.host, port: status.port },
    credentialsPath: credentialsPath(accounts[0]),
    routes: capture.routes,
    stop: async () => {
      await api.close(GRACE_MS);
      await capture.close();
      await trails.close();
      await notifications.close(GRACE_MS);
      await buckets.close();
      await recorder.close();
      clearInterval(flushing);
      await credentials.flush().catch((err: unknown) => log.warn({ err }, "last uses of keys could not be written"));
      history.close();
      await journal.close();
      await tables.destroy();
      await status.close(GRACE_MS);
      unlock();
    },
  };
}

/** Without an organization its service stays free for a route. */
function organizationServices(catalog: Catalog, organization: Organization | undefined): readonly ServedService[] {
  const model = organization === undefined ? undefined : catalog.model("organizations");
  if (organization === undefined || model === undefined) return [];
  return [{ model, operations: { ...organizationsOperations(organization) } as ServedService["operations"] }];
}

function tablesHealth(problem: string | undefined): Readonly<Record<string, unknown>> {
  return problem === undefined ? { writable: true } : { writable: false, problem };
}

/** `opentrail up`: runs until a signal says stop. */
export async function serve(flags: Readonly<Record<string, string | undefined>>): Promise<void> {
  const asked = flags["config"] ?? process.env["OPENTRAIL_CONFIG"];
  const file = asked ?? (existsSync("opentrail.yaml") ? "opentrail.yaml" : undefined);
  const config = readConfig(flags, process.env, file);
  const log = pino({ name: "opentrail", level: config.logLevel }, destination({ dest: 2, sync: true }));
  const running = await startOpenTrail(config, { clock: systemClock, random: systemRandom, log });
  await new Promise<void>((stopped) => {
    let stopping = false;
    const stop = (signal: string): void => {
      // A terminal and npm both pass on what one Ctrl-C said: only the first counts.
      if (stopping) return;
      stopping = true;
      log.info({ signal }, "stopping: answers in flight finish first");
      running.stop().then(stopped, (err: unknown) => {
        log.error({ err }, "the stop did not end cleanly");
        // What is still open would keep the process alive; everything acknowledged is on disk.
        process.exit(1);
      });
    };
    process.on("SIGTERM", stop).on("SIGINT", stop);
    // Not before: whoever reads that we are ready may tell us to stop.
    process.stdout.write(readyLines(running, config));
  });
}

function urlOf({ host, port }: Address, scheme = "http"): string {
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function readyLines({ api, console, credentialsPath, routes }: Running, config: Config): string {
  const apiUrl = urlOf(api, config.tls === undefined ? "http" : "https");
  return [
    `OpenTrail ${version()} is ready after ${(systemClock.elapsed() / 1000).toFixed(2)} s.`,
    "",
    `  AWS API  ${apiUrl}`,
    `  Health   ${urlOf(console)}/healthz and /metrics`,
    `  Data     ${resolve(config.dataDirectory)}`,
    ...routes.map(
      ({ name, upstream, mode, audit }) => `  Route    ${name}: to ${upstream.origin}, ${mode}, audit ${audit}`,
    ),
    "",
    "  In another terminal:",
    `    export AWS_SHARED_CREDENTIALS_FILE=${resolve(credentialsPath)} AWS_PROFILE=opentrail-root`,
    `    aws --endpoint-url ${apiUrl} sts get-caller-identity`,
    "",
  ].join("\n");
}
