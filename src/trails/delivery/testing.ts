import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type Kysely, type KyselyPlugin, sql } from "kysely";
import { type Clock, Failure, systemClock, systemRandom } from "../../core/index.ts";
import type { JournalEntry } from "../../journal/index.ts";
import { openTables } from "../../store/index.ts";
import type { Delivery, DeliveryListener, Shard } from "../delivery.ts";
import { type TrailsSchema, trailsMigrations } from "../schema.ts";
import { DEFAULT_SELECTORS, wantsForTrail } from "../selectors/index.ts";
import type { Trail, TrailSettings } from "../trail.ts";
import { type DeliveryNeeds, type DeliveryOptions, startDelivery } from "./start-delivery.ts";

export const ACCOUNT = "123456789012";
export const REGION = "us-east-1";

export type Loss = "not written" | "written, reply lost";
/** What is written, as the fault matrix names it. */
export type WriteStep = "change" | "plan" | "place" | "delivered" | "failed" | "manifest" | "put" | "put manifest";

/** A write that goes wrong, once. With `crash` nothing that the same delivery does afterwards arrives anywhere. */
export interface Fault {
  readonly step: WriteStep;
  readonly loss: Loss;
  readonly crash: boolean;
}

export function testTrail(id: string, settings: Partial<TrailSettings> = {}, logging = true): Trail {
  return {
    id,
    name: `${id}-trail`,
    arn: `arn:aws:cloudtrail:${REGION}:${ACCOUNT}:trail/${id}-trail`,
    account: ACCOUNT,
    homeRegion: REGION,
    createdAt: 0,
    settings: {
      bucket: `${id}-bucket`,
      includeGlobalServiceEvents: true,
      multiRegion: true,
      organization: false,
      validation: true,
      recursiveLogging: true,
      ...settings,
    },
    selectors: DEFAULT_SELECTORS,
    insightSelectors: [],
    logging,
  };
}

/** The real time, moved; minutes that are waited for pass in 20 milliseconds. */
export class MovedClock implements Clock {
  movedMs = 0;

  now(): number {
    return systemClock.now() + this.movedMs;
  }

  elapsed(): number {
    return systemClock.elapsed() * 3000;
  }
}

/** A journal in memory: as much of one as delivery needs. */
export class MemoryJournal {
  readonly records: Uint8Array[] = [];
  reads = 0;
  readonly #listeners = new Set<(entries: readonly JournalEntry[]) => void>();

  get head(): number {
    return this.records.length;
  }

  append(...records: readonly object[]): void {
    const entries = records.map((record, index) => ({
      sequence: this.head + index,
      bytes: Buffer.from(JSON.stringify(record)),
    }));
    this.records.push(...entries.map(({ bytes }) => bytes));
    for (const listener of this.#listeners) listener(entries);
  }

  async read(from: number, limit = 1000): Promise<readonly JournalEntry[]> {
    this.reads += 1;
    return this.records.slice(from, from + limit).map((bytes, index) => ({ sequence: from + index, bytes }));
  }

  subscribe(listener: (entries: readonly JournalEntry[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** Versions of objects by `bucket/key`, oldest first. */
export class MemoryBuckets {
  readonly objects: Map<string, Uint8Array[]> = new Map();
  /** What keeps a put from its bucket: throws, or takes its time. */
  readonly problems: Map<string, () => Promise<void>> = new Map();
  /** Nobody may look what lies in them. */
  readonly writeOnly: Set<string> = new Set();

  async put(bucket: string, key: string, bytes: Uint8Array): Promise<{ readonly etag: string }> {
    await this.problems.get(bucket)?.();
    const name = `${bucket}/${key}`;
    this.objects.set(name, [...(this.objects.get(name) ?? []), bytes]);
    return { etag: `"${bytes.length}"` };
  }

  async find(bucket: string, key: string): Promise<{ readonly bytes: Uint8Array; readonly etag: string } | undefined> {
    await this.problems.get(bucket)?.();
    if (this.writeOnly.has(bucket)) throw new BucketProblem("AccessDenied");
    const bytes = this.objects.get(`${bucket}/${key}`)?.at(-1);
    return bytes === undefined ? undefined : { bytes, etag: `"${bytes.length}"` };
  }

  /** Names of log files that begin so, in the order of their bytes. */
  logFiles(start = ""): readonly string[] {
    const names = [...this.objects.keys()].filter((name) => name.startsWith(start) && name.endsWith(".json.gz"));
    return names.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  }

  manifests(): readonly string[] {
    return [...this.objects.keys()].filter((name) => name.endsWith(".json")).toSorted();
  }

  /** Log files that begin so, unpacked, in the order of keys. */
  contents(start = ""): ReadonlyMap<string, Buffer> {
    return new Map(this.logFiles(start).map((name) => [name, gunzipSync(this.objects.get(name)?.at(-1) ?? "")]));
  }

  /** The eventIDs of what lies in log files that begin so, in the order of keys and then of records. */
  eventIDs(start = ""): readonly string[] {
    return [...this.contents(start).values()].flatMap((contents) => {
      const { Records } = JSON.parse(contents.toString()) as { Records: { eventID: string }[] };
      return Records.map(({ eventID }) => eventID);
    });
  }

  /** Names of the log files that manifests list. */
  listed(): readonly string[] {
    return this.manifests().flatMap((name) => {
      const text = Buffer.from(this.objects.get(name)?.at(-1) ?? []).toString();
      const { files } = JSON.parse(text) as { files: { s3Bucket: string; s3Object: string }[] };
      return files.map(({ s3Bucket, s3Object }) => `${s3Bucket}/${s3Object}`);
    });
  }
}

export class BucketProblem extends Failure {
  readonly code: string;

  constructor(code: string) {
    super(`put into a bucket: ${code}`);
    this.code = code;
  }
}

/** Everything that survives a crash, and deliveries over it. */
export class DeliveryWorld {
  readonly journal: MemoryJournal = new MemoryJournal();
  readonly buckets: MemoryBuckets = new MemoryBuckets();
  readonly clock: MovedClock = new MovedClock();
  readonly tables: Kysely<TrailsSchema>;
  readonly warnings: string[] = [];
  readonly #directory: string;
  readonly #options: Partial<DeliveryOptions>;
  #delivery: Delivery | undefined;
  #records = 0;
  #changes = 0;

  static async open(options: Partial<DeliveryOptions> = {}): Promise<DeliveryWorld> {
    const directory = await mkdtemp(join(tmpdir(), "opentrail-delivery-"));
    const tables = await openTables<TrailsSchema>(join(directory, "tables.db"), trailsMigrations);
    await sql`create table told (what text not null)`.execute(tables);
    return new DeliveryWorld(directory, tables, options);
  }

  private constructor(directory: string, tables: Kysely<TrailsSchema>, options: Partial<DeliveryOptions>) {
    this.#directory = directory;
    this.tables = tables;
    this.#options = options;
  }

  get delivery(): Delivery {
    if (this.#delivery === undefined) throw new Error("no delivery was started");
    return this.#delivery;
  }

  /** Starts a delivery; `struck` resolves once the fault has struck. */
  async start(fault?: Fault): Promise<{ readonly struck: Promise<void> }> {
    const run = new Run(fault);
    const { journal, buckets, clock } = this;
    const needs: DeliveryNeeds = {
      journal,
      tables: run.tables(this.tables),
      clock,
      random: systemRandom,
      log: {
        info: () => undefined,
        warn: (facts, message) => void this.warnings.push(`${message}: ${String(facts["err"])}`),
      },
      put: ({ bucket, key, bytes }) => run.write("put", () => buckets.put(bucket, key, bytes)),
      putManifest: (_trail, _account, bucket, key, bytes) =>
        run.write("put manifest", async () => void (await buckets.put(bucket, key, bytes))),
      find: (_, bucket, key) => buckets.find(bucket, key),
      listener: TOLD,
      organization: { id: "o-exampleorgid" },
      wantsForTrail,
    };
    this.#delivery = await startDelivery(needs, {
      intervalMs: 20,
      fileBytesMax: 50_000_000,
      heldBytesMax: 100_000_000,
      retry: { firstMs: 1, maxMs: 10 },
      ...this.#options,
    });
    return { struck: run.struck };
  }

  async stop(): Promise<void> {
    await this.#delivery?.close();
    this.#delivery = undefined;
  }

  /** As if nothing had ever happened. */
  async clear(): Promise<void> {
    this.journal.records.length = 0;
    const names = ["trail_changes", "trail_states", "delivery_place", "delivery_shards", "log_files"] as const;
    for (const name of names) await this.tables.deleteFrom(name).execute();
  }

  /** Another life, without faults, over what the last one left. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async close(): Promise<void> {
    await this.stop();
    await this.tables.destroy();
    await rm(this.#directory, { recursive: true });
  }

  /** Journals so many management events; answers their eventIDs. */
  happen(count: number, members: Readonly<Record<string, unknown>> = {}): readonly string[] {
    const records = Array.from({ length: count }, () => this.record(members));
    this.journal.append(...records);
    return records.map(({ eventID }) => eventID);
  }

  record(members: Readonly<Record<string, unknown>> = {}): { readonly eventID: string } {
    const record = {
      eventVersion: "1.11",
      userIdentity: { type: "Root", accountId: ACCOUNT },
      eventTime: new Date(this.clock.now()).toISOString().replace(/\.\d+/, ""),
      eventSource: "ec2.amazonaws.com",
      eventName: "RunInstances",
      awsRegion: REGION,
      readOnly: false,
      eventID: `event-${++this.#records}`,
      managementEvent: true,
      recipientAccountId: ACCOUNT,
      eventCategory: "Management",
      ...members,
    };
    return record;
  }

  /** Commits a change of a trail, without its record: that is what `changeRecord` makes for the same number. */
  async commitChange(trail: Trail | null, trailId: string = trail?.id ?? ""): Promise<number> {
    const position = ++this.#changes;
    const row = { request_id: `request-${position}`, position, trail_id: trailId, kind: "change" };
    await this.tables
      .insertInto("trail_changes")
      .values({ ...row, trail: trail && JSON.stringify(trail) })
      .execute();
    return position;
  }

  changeRecord(position: number): { readonly eventID: string } {
    return this.record({
      eventSource: "cloudtrail.amazonaws.com",
      eventName: "ChangeTrail",
      requestID: `request-${position}`,
    });
  }

  /** A change as a call makes it: committed, then recorded. Answers the record's eventID. */
  async change(trail: Trail | null, trailId?: string): Promise<string> {
    const record = this.changeRecord(await this.commitChange(trail, trailId));
    this.journal.append(record);
    this.#delivery?.trailsChanged();
    return record.eventID;
  }

  /** Whom the listener told of what, in transactions that were committed. */
  async told(): Promise<readonly string[]> {
    const { rows } = await sql<{ what: string }>`select what from told order by rowid`.execute(this.tables);
    return rows.map(({ what }) => what);
  }

  async status(shard: Partial<Shard> & { readonly trailId: string }): Promise<Readonly<Record<string, unknown>>> {
    const row = await this.tables
      .selectFrom("delivery_shards")
      .select("status")
      .where("trail_id", "=", shard.trailId)
      .where("region", "=", shard.region ?? REGION)
      .executeTakeFirst();
    return JSON.parse(row?.status ?? "{}") as Readonly<Record<string, unknown>>;
  }
}

const TOLD: DeliveryListener = {
  trailChanged: async (transaction, trail) => {
    await sql`insert into told values (${`${trail.id} ${trail.logging ? "logs" : "does not log"}`})`.execute(
      transaction,
    );
  },
  fileDelivered: async (transaction, _, { bucket, key }) => {
    await sql`insert into told values (${`${bucket}/${key}`})`.execute(transaction);
  },
};

/** One life of a delivery: passes its writes on until the fault strikes, and nothing any more after a crash. */
class Run {
  readonly struck: Promise<void>;
  readonly #fault: Fault | undefined;
  readonly #strike: () => void;
  #armed: boolean;
  #dead = false;

  constructor(fault: Fault | undefined) {
    this.#fault = fault;
    this.#armed = fault !== undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.struck = promise;
    this.#strike = resolve;
  }

  async write<Answer>(step: WriteStep, write: () => Promise<Answer>): Promise<Answer> {
    this.#breathe();
    this.#hit(step, "not written");
    const answer = await write();
    this.#hit(step, "written, reply lost");
    return answer;
  }

  tables(tables: Kysely<TrailsSchema>): Kysely<TrailsSchema> {
    const execute = async <Answer>(work: (transaction: Kysely<TrailsSchema>) => Promise<Answer>): Promise<Answer> => {
      this.#breathe();
      const writes: WriteNames = new Set();
      const answer = await tables.transaction().execute(async (transaction) => {
        const made = await work(transaction.withPlugin(noting(writes)));
        this.#hit(stepOf(writes), "not written");
        return made;
      });
      this.#hit(stepOf(writes), "written, reply lost");
      return answer;
    };
    return new Proxy(tables, {
      get: (target, name) => {
        if (name === "transaction") return () => ({ execute });
        const found: unknown = Reflect.get(target, name, target);
        return typeof found === "function" ? found.bind(target) : found;
      },
    });
  }

  #breathe(): void {
    if (this.#dead) throw new Failure("the process is dead");
  }

  #hit(step: WriteStep | undefined, loss: Loss): void {
    if (!this.#armed || this.#fault?.step !== step || this.#fault?.loss !== loss) return;
    this.#armed = false;
    this.#dead = this.#fault.crash;
    this.#strike();
    throw new BucketProblem("InternalError");
  }
}

/** `insert log_files`, `update delivery_shards`. */
type WriteNames = Set<string>;

function noting(writes: WriteNames): KyselyPlugin {
  return {
    transformQuery: ({ node }) => {
      const text = JSON.stringify(node);
      const [, table = ""] = /"identifier":\{"kind":"IdentifierNode","name":"(\w+)"/.exec(text) ?? [];
      const [, columns = ""] = /"updates":(.*)/.exec(text) ?? [];
      writes.add(`${node.kind} ${table}${columns.includes('"manifests"') ? " manifests" : ""}`);
      return node;
    },
    transformResult: async ({ result }) => result,
  };
}

function stepOf(writes: WriteNames): WriteStep | undefined {
  return STEPS.find(([write]) => writes.has(write))?.[1];
}

/** By what only they write. */
const STEPS: readonly (readonly [write: string, step: WriteStep])[] = [
  ["InsertQueryNode trail_states", "change"],
  ["InsertQueryNode log_files", "plan"],
  ["InsertQueryNode delivery_place", "place"],
  ["UpdateQueryNode log_files", "delivered"],
  ["UpdateQueryNode delivery_shards manifests", "manifest"],
  ["UpdateQueryNode delivery_shards", "failed"],
];
