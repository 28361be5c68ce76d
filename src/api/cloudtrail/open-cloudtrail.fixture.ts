import type { Kysely } from "kysely";
import { onTestFinished } from "vitest";
import { type CloudtrailOperations, service, validateInput } from "../../aws/index.ts";
import { BucketFailure, type BucketStore, type WriteCheck } from "../../buckets/index.ts";
import { assert, PageTokens, systemRandom } from "../../core/index.ts";
import type { DigestStatus } from "../../integrity/index.ts";
import { openTables } from "../../store/index.ts";
import { type TrailsSchema, trailsMigrations } from "../../trails/index.ts";
import type { ConditionValues } from "../operation.ts";
import type { CloudtrailNeeds } from "./cloudtrail-operation.ts";
import { cloudtrailOperations } from "./index.ts";
import { rootOf } from "../calls.fixture.ts";

export { refusal } from "../calls.fixture.ts";

export const ACCOUNT = "123456789012";
export const MEMBER = "210987654321";
export const NOW: number = Date.UTC(2026, 10, 20, 12, 0, 0, 789);

type Name = keyof CloudtrailOperations;
type Input<N extends Name> = CloudtrailOperations[N]["input"];

/** What the buckets answer; trails can write everywhere unless said otherwise. */
export interface FakeBuckets {
  readonly names: Set<string>;
  /** S3's error code, by bucket. */
  readonly failing: Map<string, string>;
  readonly checks: Parameters<BucketStore["mayWrite"]>[];
  /** Or S3's error code, as another server may give it. */
  check: WriteCheck | string;
  /** By the text of their ARN: undefined for one that can be used. */
  readonly keyErrors: Map<string, string>;
}

/** CloudTrail over tables of its own, called as the server would: validated, prepared, and in a transaction. */
export interface Cloudtrail {
  readonly tables: Kysely<TrailsSchema>;
  readonly buckets: FakeBuckets;
  /** How often the trails were said to have changed. */
  readonly changes: () => number;
  in(region: string): Cloudtrail;
  as(account: string): Cloudtrail;
  at(now: number): Cloudtrail;
  call<N extends Name>(name: N, input: Input<N>): Promise<CloudtrailOperations[N]["output"]>;
  resources<N extends Name>(name: N, input: Input<N>): Promise<readonly string[]>;
  conditions<N extends Name>(name: N, input: Input<N>): Promise<ConditionValues>;
}

export async function openCloudtrail(
  options: Partial<Pick<CloudtrailNeeds, "organization" | "checkTopic" | "checkLogGroup">> & {
    readonly digestStatus?: DigestStatus;
  } = {},
): Promise<Cloudtrail> {
  const tables = await openTables<TrailsSchema>(":memory:", trailsMigrations);
  onTestFinished(() => tables.destroy());
  const buckets: FakeBuckets = {
    names: new Set(["logs", "other"]),
    failing: new Map(),
    checks: [],
    check: { allowed: true },
    keyErrors: new Map(),
  };
  let changed = 0;
  const { digestStatus = {}, ...ports } = options;
  const operations = cloudtrailOperations({
    ...ports,
    history: { lookup: () => Promise.reject(new Error("not asked")) } as never,
    store: storeOver(buckets),
    digests: { status: async () => digestStatus, publicKeys: async () => [] },
    random: systemRandom,
    tokens: new PageTokens(new Uint8Array(32)),
    changed: () => {
      changed += 1;
    },
  });
  const world = { tables, buckets, operations, changes: () => changed, request: 0 };
  return cloudtrailOver(world, { account: ACCOUNT, region: "us-east-1", now: NOW });
}

interface World extends Pick<Cloudtrail, "tables" | "buckets" | "changes"> {
  readonly operations: ReturnType<typeof cloudtrailOperations>;
  request: number;
}

interface At {
  readonly account: string;
  readonly region: string;
  readonly now: number;
}

/** An operation, whatever its input is. */
interface AnyOperation {
  readonly mutates: boolean;
  readonly checksInput?: boolean;
  prepare?(input: unknown, call: unknown): Promise<void>;
  run(input: unknown, call: unknown): Promise<never>;
  resources?(input: unknown, call: unknown): Promise<readonly string[]>;
  conditions?(input: unknown, call: unknown): Promise<ConditionValues>;
}

function cloudtrailOver(world: World, at: At): Cloudtrail {
  const { tables, buckets, operations, changes } = world;
  const callIn = (within: Kysely<TrailsSchema>, requestId = "request") => ({
    caller: rootOf(at.account),
    requestId,
    region: at.region,
    now: at.now,
    sourceIp: "198.51.100.7",
    secure: false,
    tables: within,
  });
  const find = (name: Name): AnyOperation => {
    const operation = operations[name];
    assert(operation !== undefined, `${name} is served`);
    return operation as AnyOperation;
  };
  return {
    tables,
    buckets,
    changes,
    in: (region) => cloudtrailOver(world, { ...at, region }),
    as: (account) => cloudtrailOver(world, { ...at, account }),
    at: (now) => cloudtrailOver(world, { ...at, now }),
    call: async (name, input) => {
      world.request += 1;
      const requestId = `request ${world.request}`;
      const operation = find(name);
      const model = service("cloudtrail").operations.get(name);
      assert(model !== undefined, `${name} is modelled`);
      if (operation.checksInput !== true) validateInput(model, "json-1.1", input as Record<string, unknown>);
      await operation.prepare?.(input, callIn(tables, requestId));
      if (!operation.mutates) return operation.run(input, callIn(tables, requestId));
      return tables.transaction().execute((transaction) => operation.run(input, callIn(transaction, requestId)));
    },
    resources: async (name, input) => (await find(name).resources?.(input, callIn(tables))) ?? ["*"],
    conditions: async (name, input) => (await find(name).conditions?.(input, callIn(tables))) ?? {},
  };
}

function storeOver(buckets: FakeBuckets): BucketStore {
  const store: Pick<BucketStore, "bucket" | "mayWrite" | "checkKey"> = {
    bucket: async (name) => {
      const code = buckets.failing.get(name) ?? (buckets.names.has(name) ? undefined : "NoSuchBucket");
      if (code !== undefined) throw new BucketFailure(code, `look at bucket ${name}`);
      return { region: "eu-central-1", versioning: undefined, objectLock: false };
    },
    mayWrite: async (...asked) => {
      buckets.checks.push(asked);
      const { check } = buckets;
      if (typeof check === "string") throw new BucketFailure(check, `try an upload to ${asked[0]}`);
      return check;
    },
    checkKey: async (keyId) => {
      const code = buckets.keyErrors.get(keyId);
      if (code !== undefined) throw new BucketFailure(code, `use key ${keyId}`);
    },
  };
  return store as BucketStore;
}
