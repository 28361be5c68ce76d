import { hkdfSync } from "node:crypto";
import { join } from "node:path";
import { defaultProvider } from "@aws-sdk/credential-provider-node";
import { isPublic, knownConditions, openS3Upstream, type PolicyDocument, restrictsPublicBucket } from "./api/index.ts";
import type { Catalog } from "./aws/index.ts";
import {
  type BucketStore,
  type DirectoryBuckets,
  DirectoryBucketStore,
  openDirectoryBuckets,
  openS3BucketStore,
} from "./buckets/index.ts";
import { type OwnBuckets, signingCredentials } from "./capture/index.ts";
import type { BucketServer, Config } from "./config.ts";
import { type NamedPolicy, storedPolicy } from "./identity/index.ts";
import type { AuditRecord } from "./record/index.ts";
import type { World } from "./world.ts";

export interface BucketsParts {
  readonly config: Config;
  /** The installation's secret key: contents are encrypted with keys that are derived from it. */
  readonly key: Uint8Array;
  readonly catalog: Catalog;
  /** Whether a trail asks for this data event. */
  readonly wants: (record: AuditRecord) => boolean;
  readonly world: World;
}

export interface RunningBuckets {
  /** Where log files go. */
  readonly store: BucketStore;
  /** What the gateway serves as S3. */
  readonly own: OwnBuckets;
  /** To be called when no call and no delivery is under way. */
  close(): Promise<void>;
}

/** Opens OpenTrail's own buckets, and the way to those of trails, which may lie on another server. */
export async function startBuckets({ config, key, catalog, wants, world }: BucketsParts): Promise<RunningBuckets> {
  const buckets = await openDirectoryBuckets(
    {
      ...world,
      directory: join(config.dataDirectory, "buckets"),
      masterKey: new Uint8Array(hkdfSync("sha256", key, "", "contents of objects", 32)),
      keys: config.kmsKeys,
    },
    { immutable: config.bucketsImmutable },
  );
  if (config.bucketsImmutable) void sayIfNotImmutable(buckets, world);
  const { bucketServer } = config;
  const store = bucketServer === undefined ? new DirectoryBucketStore(buckets) : await serverStore(bucketServer);
  const upstream = openS3Upstream({ buckets, catalog, ...world });
  const policies = new Policies();
  const setApart = config.ownBuckets.map(namePattern);
  const facts: OwnBuckets["facts"] = (name) => {
    if (!buckets.has(name)) return undefined;
    const { account } = buckets.get(name);
    const text = buckets.document(name, "policy");
    if (text === undefined) return { account };
    const { policy, letsInEverybody } = policies.of(name, text);
    return { account, policy, ownAccountOnly: letsInEverybody && restrictsPublicBucket(buckets, name) };
  };
  return {
    store,
    own: {
      upstream,
      facts,
      conditions: (operation, input) => knownConditions(buckets, operation, input),
      claims: (name) => buckets.has(name) || setApart.some((pattern) => pattern.test(name)),
      wants,
    },
    close: async () => {
      await upstream.close();
      await store.close();
      await buckets.close();
    },
  };
}

/** The API refuses all the same what locks forbid; but who trusts in the disk shall know. */
async function sayIfNotImmutable(buckets: DirectoryBuckets, { log }: World): Promise<void> {
  if (await buckets.immutableSupported()) return;
  log.warn("files of locked objects cannot be made immutable here: they are protected through the API alone");
}

async function serverStore({
  endpoint,
  region,
  pathStyle,
  credentialsFile,
  profile,
}: BucketServer): Promise<BucketStore> {
  const credentials =
    credentialsFile === undefined ? defaultProvider() : await signingCredentials({ file: credentialsFile, profile });
  return await openS3BucketStore({ endpoint, region, credentials, forcePathStyle: pathStyle });
}

/** Bucket policies, compiled when first asked, and again when they were changed. */
class Policies {
  readonly #compiled = new Map<string, CompiledPolicy>();

  of(bucket: string, text: string): CompiledPolicy {
    const known = this.#compiled.get(bucket);
    if (known?.text === text) return known;
    const policy = { name: `policy of bucket ${bucket}`, policy: storedPolicy(text, "resource") };
    const letsInEverybody = policy.policy.unreadable !== undefined || isPublic(JSON.parse(text) as PolicyDocument);
    const compiled = { text, policy, letsInEverybody };
    this.#compiled.set(bucket, compiled);
    return compiled;
  }
}

interface CompiledPolicy {
  readonly text: string;
  readonly policy: NamedPolicy;
  readonly letsInEverybody: boolean;
}

/** `*` stands for anything. */
function namePattern(text: string): RegExp {
  const parts = text.split("*").map((part) => part.replaceAll(".", "\\."));
  return new RegExp(`^${parts.join(".*")}$`);
}
