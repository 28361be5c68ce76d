import { join } from "node:path";
import type { Kysely } from "kysely";
import type { ApiMetrics, ControlSchema, Recorder } from "./api/index.ts";
import {
  type Arrival,
  type AuditState,
  Coverage,
  defaultRoute,
  type Gateway,
  LearnedIdentities,
  openCallAudit,
  openGateway,
  openSources,
  type OwnBuckets,
  parseRoutes,
  parseSources,
  type Route,
  SilenceWatch,
  type Sources,
  StateFile,
} from "./capture/index.ts";
import type { Catalog } from "./aws/index.ts";
import type { Config } from "./config.ts";
import { Failure } from "./core/index.ts";
import type { Authorizer, CredentialStore } from "./identity/index.ts";
import type { Journal } from "./journal/index.ts";
import type { AuditRecord } from "./record/index.ts";
import type { World } from "./world.ts";

const MINUTE_MS = 60_000;

/** What capture is made of. */
export interface CaptureParts {
  readonly config: Config;
  /** Signing names of what OpenTrail serves itself. */
  readonly ownServices: ReadonlySet<string>;
  /** Whether an unsigned request follows a link that OpenTrail gave out. */
  readonly isOwnLink: (head: Arrival["head"]) => boolean;
  readonly credentials: CredentialStore;
  readonly authorizer: Authorizer;
  readonly tables: Kysely<ControlSchema>;
  readonly journal: Journal;
  readonly recorder: Recorder;
  readonly metrics: ApiMetrics;
  readonly catalog: Catalog;
  readonly ownBuckets?: OwnBuckets;
  readonly world: World;
}

export interface RunningCapture {
  readonly gateway: Gateway;
  readonly routes: readonly Route[];
  readonly webhook: Sources["handleWebhook"];
  readonly audit: () => AuditState;
  /** To be called when no call is under way. */
  close(): Promise<void>;
}

/** What becomes records beside our own API's calls: the gateway's, and other servers' logs. */
export async function startCapture(parts: CaptureParts): Promise<RunningCapture> {
  const { config, journal, recorder, metrics, world } = parts;
  const { clock, random, log } = world;
  const { accounts, region, dataDirectory } = config;
  const routes = read("the routes", () => [
    ...parseRoutes(config.routes),
    ...(config.upstream === undefined ? [] : [defaultRoute(config.upstream)]),
  ]);
  const record = (records: readonly AuditRecord[]): Promise<void> => recorder.record(records);
  const directory = join(dataDirectory, "capture");
  const audit = await openCallAudit(
    { directory, recorder, journalHealth: () => journal.health, clock, log },
    { spoolBytesMax: config.spoolBytesMax },
  );
  await audit.recover();
  const silence = await SilenceWatch.open({
    clock,
    random,
    state: new StateFile(join(directory, "habits.json")),
    record,
    account: accounts[0],
    region,
  });
  const sources = openSources(
    read("the sources", () => parseSources(config.sources)),
    {
      account: accounts[0],
      region,
      directory: join(directory, "sources"),
      record,
      clock,
      log,
      heard: (source) => silence.heard("source", source),
    },
  );
  const counts = new Coverage({
    clock,
    silence,
    routes: routes.map(({ name }) => name),
    sources: () => sources.stats(),
    intentsOpen: () => audit.state().intents.records,
  });
  counts.export(metrics);
  metrics.gauge(
    "opentrail_spool_records",
    "Durable records that wait for the journal.",
    () => audit.state().spool.records,
  );
  metrics.gauge("opentrail_spool_age_seconds", "Age of the oldest of them.", () => audit.state().spool.ageMs / 1000);
  const learned = new LearnedIdentities({
    tables: parts.tables.$pickTables<"learned_keys" | "learned_users">(),
    isOwn: (accessKeyId, sessionToken) => parts.credentials.owns(accessKeyId, sessionToken),
  });
  const gateway = await openGateway({
    ...parts,
    routes,
    learned,
    audit,
    counts,
    bucketHosts: config.bucketHosts,
    accounts,
    defaultRegion: region,
    clock,
    random,
    log,
  });
  const minutely = setInterval(() => {
    const told = (err: unknown): void => log.warn({ err }, "what is kept of callers and sources could not be renewed");
    Promise.all([silence.check(), learned.sweep(clock.now())]).catch(told);
  }, MINUTE_MS).unref();
  return {
    gateway: gateway.gateway,
    routes,
    audit: () => audit.state(),
    webhook: (source, body, headers) => sources.handleWebhook(source, body, headers),
    close: async () => {
      clearInterval(minutely);
      await gateway.close();
      await sources.close();
      await silence.check().catch((err: unknown) => log.warn({ err }, "the habits of sources could not be written"));
      await audit.close();
    },
  };
}

/** @throws {Failure} that says what was read, and what is wrong with it. */
function read<Value>(what: string, parse: () => Value): Value {
  try {
    return parse();
  } catch (cause) {
    throw new Failure(`read ${what}`, cause);
  }
}
