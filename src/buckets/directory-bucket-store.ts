import { buffer } from "node:stream/consumers";
import { Failure, optional, Refusal } from "../core/index.ts";
import { type NamedPolicy, type Policy, storedPolicy } from "../identity/index.ts";
import {
  type BucketFacts,
  BucketFailure,
  type BucketStore,
  type Encryption,
  type ListedObject,
  type ObjectFacts,
  type PutOptions,
  type PutResult,
  type ServicePrincipal,
  type WriteCheck,
} from "./bucket-store.ts";
import type { ObjectVersion } from "./buckets.ts";
import type { DirectoryBuckets } from "./directory-buckets.ts";
import { isDiskFull } from "./disk-full.ts";
import { DamagedContent } from "./read-object.ts";
import { checkWrite, whyNotPut } from "./write-check.ts";

const LIST_MAX = 1000;

/**
 * The buckets of a directory of ours, as those who deliver see them. A service that puts for a trail asks the bucket's
 * policy as anybody would have to: nobody is let in for living in the same process.
 */
export class DirectoryBucketStore implements BucketStore {
  readonly #buckets: DirectoryBuckets;
  /** Policies as they were when they were last asked, by bucket. */
  readonly #policies = new Map<string, { readonly text: string; readonly policy: Policy }>();

  /** Whoever opened the buckets closes them. */
  constructor(buckets: DirectoryBuckets) {
    this.#buckets = buckets;
  }

  async bucket(name: string): Promise<BucketFacts> {
    const { region, versioning, objectLock } = await translated(`look at bucket ${name}`, () =>
      this.#buckets.get(name),
    );
    return { region, versioning, objectLock };
  }

  async put(bucket: string, key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<PutResult> {
    return await translated(`put ${bucket}/${key}`, async () => {
      this.#mustBeAllowed(bucket, key, options);
      const { etag, versionId } = await this.#buckets.putObject(bucket, key, once(bytes), {
        headers: {
          ...optional("content-type", options.contentType),
          ...optional("content-encoding", options.contentEncoding),
        },
        ...optional("metadata", options.metadata),
        ...optional("encryption", options.encryption),
        size: bytes.length,
      });
      return { etag, ...versionOf(versionId) };
    });
  }

  async get(
    bucket: string,
    key: string,
    versionId?: string,
  ): Promise<{ readonly facts: ObjectFacts; readonly bytes: Uint8Array }> {
    return await translated(`get ${bucket}/${key}`, async () => {
      const object = await this.#buckets.open(bucket, key, versionId);
      try {
        const bytes = await buffer(object.stream());
        return {
          facts: factsOf(object.version),
          bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
        };
      } finally {
        object.close();
      }
    });
  }

  async head(bucket: string, key: string, versionId?: string): Promise<ObjectFacts | undefined> {
    return await translated(`head ${bucket}/${key}`, async () => {
      try {
        const version = await this.#buckets.version(bucket, key, versionId);
        // What nobody can read is not there for whoever delivers and looks after what was delivered.
        return version.lost === true ? undefined : factsOf(version);
      } catch (thrown) {
        if (thrown instanceof Refusal && NOT_THERE.has(thrown.code)) return undefined;
        throw thrown;
      }
    });
  }

  async list(
    bucket: string,
    range: { readonly prefix?: string; readonly startAfter?: string; readonly limit?: number },
  ): Promise<{ readonly objects: readonly ListedObject[]; readonly more: boolean }> {
    const { prefix = "", startAfter = "", limit = LIST_MAX } = range;
    return await translated(`list ${bucket}/${prefix}`, async () => {
      const listing = { prefix, startAfter, limit: Math.min(limit, LIST_MAX) };
      const { objects, next } = await this.#buckets.list(bucket, listing);
      return {
        objects: objects.map(({ key, size, etag, lastModified }) => ({ key, size, etag, lastModified })),
        more: next !== undefined,
      };
    });
  }

  async delete(bucket: string, key: string, versionId?: string): Promise<void> {
    await translated(`delete ${bucket}/${key}`, () =>
      this.#buckets.deleteObject(bucket, key, optional("versionId", versionId)),
    );
  }

  async mayWrite(bucket: string, prefix: string, who: ServicePrincipal, encryption?: Encryption): Promise<WriteCheck> {
    return await translated(`read the policy of ${bucket}`, () =>
      checkWrite(bucket, prefix, who, encryption, this.#policyOf(bucket)),
    );
  }

  async checkKey(keyId: string): Promise<void> {
    await translated(`use key ${keyId}`, () => this.#buckets.checkKey(keyId));
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  #mustBeAllowed(bucket: string, key: string, { as, encryption }: PutOptions): void {
    if (as === undefined) return;
    const why = whyNotPut(bucket, key, as, encryption, this.#policyOf(bucket));
    if (why !== undefined) throw new Refusal("AccessDenied", why, 403);
  }

  /** @throws {Refusal} `NoSuchBucket`. */
  #policyOf(bucket: string): NamedPolicy | undefined {
    this.#buckets.get(bucket);
    const text = this.#buckets.document(bucket, "policy");
    if (text === undefined) {
      this.#policies.delete(bucket);
      return undefined;
    }
    const known = this.#policies.get(bucket);
    const policy = known?.text === text ? known.policy : storedPolicy(text, "resource");
    this.#policies.set(bucket, { text, policy });
    return { name: `policy of bucket ${bucket}`, policy };
  }
}

const NOT_THERE: ReadonlySet<string> = new Set(["NoSuchKey", "NoSuchVersion", "MethodNotAllowed"]);

/** What the buckets refused, and what the disk could not do, as whoever delivers expects it from any server. */
async function translated<Answer>(doing: string, work: () => Answer | Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof Refusal) throw new BucketFailure(thrown.code, doing, thrown);
    if (thrown instanceof BucketFailure) throw thrown;
    if (!(thrown instanceof Failure)) throw thrown;
    if (thrown instanceof DamagedContent) throw new BucketFailure("Damaged", doing, thrown);
    throw new BucketFailure(isDiskFull(thrown) ? "InsufficientStorage" : "InternalError", doing, thrown);
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

function factsOf(version: ObjectVersion): ObjectFacts {
  const { key, size, etag, lastModified, headers, metadata, lock } = version;
  return {
    key,
    size,
    etag,
    lastModified,
    ...versionOf(version.versionId),
    ...optional("contentType", headers["content-type"]),
    ...optional("contentEncoding", headers["content-encoding"]),
    metadata,
    ...optional("lock", lock.retention),
  };
}

/** `null` is the name of what was put while there were no versions. */
function versionOf(versionId: string): { versionId?: string } {
  return versionId === "null" ? {} : { versionId };
}
