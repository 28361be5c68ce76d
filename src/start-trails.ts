import type { Kysely } from "kysely";
import type { ApiMetrics, ControlSchema, Recorder } from "./api/index.ts";
import type { BucketStore, PutOptions } from "./buckets/index.ts";
import type { Config } from "./config.ts";
import { optional, parseArn } from "./core/index.ts";
import { addDeliveries, type DeliveriesSchema } from "./deliveries/index.ts";
import type { SecretBox } from "./identity/index.ts";
import {
  type DigestedTrail,
  type Digests,
  type IntegritySchema,
  openDigests,
  startFileCheck,
} from "./integrity/index.ts";
import type { AuditRecord } from "./record/index.ts";
import type { Journal } from "./journal/index.ts";
import {
  type Delivery,
  deliveredFiles,
  type LogDeliveryNeeds,
  notificationMessage,
  openTrailCache,
  type Shard,
  startDelivery,
  startLogDelivery,
  type Trail,
  type TrailsSchema,
  wantsForTrail,
} from "./trails/index.ts";
import type { World } from "./world.ts";

const DAY_MS = 86_400_000;

/** As in the guide's sample answers of ListPublicKeys. */
const KEY_LIFETIME_MS = 30 * DAY_MS;
const KEY_OVERLAP_MS = DAY_MS;

/** The first pause after a failure, and the longest: a repaired bucket shall not wait for long. */
const RETRY = { firstMs: 1_000, maxMs: 60_000 };

/** Before compression. @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html */
const FILE_BYTES_MAX = 50_000_000;
const HELD_BYTES_MAX = 128 * 1024 * 1024;

/** A round costs little however much was delivered: what it does not come to, the next ones do. */
const CHECKED_IN_A_ROUND = { recentMs: DAY_MS, recentFilesMax: 5_000, wholeBytesMax: 64 * 1024 * 1024 };

/** Who writes into buckets, as their policies name it. */
const SERVICE = "cloudtrail.amazonaws.com";

/** As mapped types, which Kysely can add to another schema. */
type DeliveriesTables = Pick<DeliveriesSchema, keyof DeliveriesSchema>;
type IntegrityTables = Pick<IntegritySchema, keyof IntegritySchema>;

export interface TrailsParts {
  readonly config: Config;
  readonly tables: Kysely<ControlSchema>;
  readonly journal: Journal;
  readonly recorder: Recorder;
  readonly box: SecretBox;
  readonly store: BucketStore;
  readonly metrics: ApiMetrics;
  readonly world: World;
  /** The ledger of deliveries has something new. */
  readonly wake: () => void;
  /** Appends to a stream of a log group. */
  readonly putLogs: LogDeliveryNeeds["put"];
}

export interface RunningTrails {
  readonly digests: Digests;
  /** Whether a trail asks for this event now. */
  wants(record: AuditRecord): boolean;
  /** To be called with every change of trails. */
  changed(): void;
  /** How far the delivery is behind the journal, and what waits. */
  stats(): ReturnType<Delivery["stats"]>;
  /** What is under way finishes; what is not delivered waits for the next start. */
  close(): Promise<void>;
}

/** Delivers what trails want into their buckets, signs it, and looks after it. */
export async function startTrails(parts: TrailsParts): Promise<RunningTrails> {
  const { config, tables, journal, recorder, box, store, metrics, world } = parts;
  const { accounts, organizationId } = config;
  const trailTables = tables.$pickTables<keyof TrailsSchema>();
  // Digests wait for log files, and log files are told to digests: one of them must come first.
  let delivery: Delivery | undefined;
  const digests = await openDigests(
    {
      ...world,
      tables: tables.$pickTables<keyof IntegritySchema>(),
      box,
      put: async ({ trail, bucket, key, bytes, metadata, again }) => {
        const present = again ? await lookUp(store, bucket, key) : undefined;
        if (present !== undefined && Buffer.compare(present.bytes, bytes) === 0) return present;
        return await store.put(bucket, key, bytes, {
          ...optionsFor(trail.arn, trail.kmsKeyId, bucket, key),
          metadata,
        });
      },
      pending: async (chain) => (await delivery?.pending(chain)) ?? true,
    },
    {
      intervalMs: config.digestIntervalMs,
      keyLifetimeMs: KEY_LIFETIME_MS,
      keyOverlapMs: KEY_OVERLAP_MS,
      retry: RETRY,
    },
  );
  delivery = await startDelivery(
    {
      ...world,
      journal,
      tables: trailTables,
      ...(organizationId === undefined ? {} : { organization: { id: organizationId } }),
      wantsForTrail: (trail) => wantsForTrail(trail, accounts),
      put: ({ trail, bucket, key, bytes }) =>
        store.put(bucket, key, bytes, optionsFor(trail.arn, trail.settings.kmsKeyId, bucket, key)),
      putManifest: async (trail, _account, bucket, key, bytes) => {
        const { contentEncoding: _, ...options } = optionsFor(trail.arn, trail.settings.kmsKeyId, bucket, key);
        await store.put(bucket, key, bytes, options);
      },
      find: async (_, bucket, key) => await lookUp(store, bucket, key),
      listener: {
        trailChanged: (transaction, trail, now) =>
          digests.trailChanged(
            transaction.$extendTables<IntegrityTables>(),
            digestedTrail(trail, organizationId),
            trail.settings.organization ? accounts : [trail.account],
            now,
          ),
        fileDelivered: async (transaction, shard, file) => {
          await digests.fileDelivered(transaction.$extendTables<IntegrityTables>(), shard, file);
          if (await notify(transaction, shard, file, world.clock.now())) parts.wake();
        },
      },
    },
    {
      intervalMs: config.deliveryIntervalMs,
      fileBytesMax: FILE_BYTES_MAX,
      heldBytesMax: HELD_BYTES_MAX,
      retry: RETRY,
    },
  );
  const logs = await startLogDelivery(
    {
      ...world,
      journal,
      tables: trailTables,
      ...(organizationId === undefined ? {} : { organization: { id: organizationId } }),
      wantsForTrail: (trail) => wantsForTrail(trail, accounts),
      put: parts.putLogs,
    },
    RETRY,
  );
  exportMetrics(metrics, delivery);
  const check =
    config.fileCheckIntervalMs === 0
      ? undefined
      : startFileCheck(
          {
            ...world,
            tables: tables.$pickTables<keyof IntegritySchema>(),
            logFiles: (afterId, limit) => deliveredFiles(trailTables, afterId, limit),
            head: (bucket, key, versionId) => store.head(bucket, key, versionId),
            get: (bucket, key) => store.get(bucket, key),
            report: (records) => recorder.record(records),
          },
          { intervalMs: config.fileCheckIntervalMs, ...CHECKED_IN_A_ROUND },
        );
  const running = delivery;
  const cache = await openTrailCache(trailTables, accounts);
  return {
    digests,
    wants: (record) => cache.wants(record),
    stats: () => running.stats(),
    changed: () => {
      running.trailsChanged();
      logs.trailsChanged();
      cache.invalidate().catch((err: unknown) => world.log.warn({ err }, "trails could not be read anew"));
    },
    close: async () => {
      await check?.close();
      await logs.close();
      await running.close();
      await digests.close();
    },
  };
}

/** How log files and digest files are put. @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/encrypting-cloudtrail-log-files-with-aws-kms.html */
function optionsFor(arn: string, kmsKeyId: string | undefined, bucket: string, key: string): PutOptions {
  return {
    contentType: "application/json",
    contentEncoding: "gzip",
    as: { service: SERVICE, sourceArn: arn, sourceAccount: parseArn(arn)?.account ?? "" },
    ...(kmsKeyId === undefined
      ? {}
      : {
          encryption: {
            algorithm: "aws:kms",
            keyId: kmsKeyId,
            context: { "aws:cloudtrail:arn": arn, "aws:s3:arn": `arn:aws:s3:::${bucket}/${key}` },
          },
        }),
  };
}

/** A trail's topic is told of a log file in the transaction that says it is delivered; false when it has no topic. */
async function notify(
  transaction: Kysely<TrailsSchema>,
  { trailId }: Shard,
  { bucket, key }: { readonly bucket: string; readonly key: string },
  now: number,
): Promise<boolean> {
  const query = transaction.selectFrom("trail_states").select("trail").where("trail_id", "=", trailId);
  const row = await query.executeTakeFirst();
  if (row === undefined) return false;
  const { arn, settings } = JSON.parse(row.trail) as Trail;
  if (settings.snsTopicArn === undefined) return false;
  const notification = {
    owner: arn,
    target: "",
    kind: "topic",
    endpoint: settings.snsTopicArn,
    eventId: key,
    body: notificationMessage(bucket, [key]),
    parameters: {},
    retry: { kind: "exponential", attemptsMax: 185, ageMaxMs: DAY_MS },
    hops: 1,
  } as const;
  await addDeliveries(transaction.$extendTables<DeliveriesTables>(), [notification], now);
  return true;
}

interface Found {
  readonly bytes: Uint8Array;
  readonly etag: string;
  readonly versionId?: string;
}

async function lookUp(store: BucketStore, bucket: string, key: string): Promise<Found | undefined> {
  if ((await store.head(bucket, key)) === undefined) return undefined;
  const { facts, bytes } = await store.get(bucket, key);
  return { bytes, etag: facts.etag, ...(facts.versionId === undefined ? {} : { versionId: facts.versionId }) };
}

function digestedTrail(
  { id, name, arn, homeRegion, settings, logging }: Trail,
  organizationId?: string,
): DigestedTrail {
  const { bucket, prefix, kmsKeyId, validation, organization, multiRegion } = settings;
  return {
    trailId: id,
    name,
    arn,
    homeRegion,
    bucket,
    ...optional("prefix", prefix),
    ...optional("organizationId", organization ? organizationId : undefined),
    ...optional("kmsKeyId", kmsKeyId),
    multiRegion,
    logging,
    validating: logging && validation,
  };
}

function exportMetrics(metrics: ApiMetrics, delivery: Delivery): void {
  metrics.gauge("opentrail_delivery_lag_records", "Durable records that no trail was asked about yet.", () => {
    return delivery.stats().lagRecords;
  });
  metrics.gauge("opentrail_delivery_pending_files", "Log files that are decided and not delivered.", () => {
    return delivery.stats().pendingFiles;
  });
  metrics.gauge("opentrail_delivery_delivered_files", "Log files delivered since the start.", () => {
    return delivery.stats().deliveredFiles;
  });
}
