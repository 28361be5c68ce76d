import type { Kysely, Transaction } from "kysely";
import { type Clock, optional, Refusal } from "../core/index.ts";
import { parseBucketName } from "./bucket-name.ts";
import type { Bucket, BucketDocument, DefaultRetention, ObjectEncryption } from "./buckets.ts";
import { checkDefaultRetention } from "./lock.ts";
import { refusals } from "./refusals.ts";
import type { Forget, Rows } from "./rows.ts";
import type { BucketRow, BucketsSchema } from "./schema.ts";

/** Where making one's own bucket once more is no mistake. */
const LENIENT_REGION = "us-east-1";

/** The buckets and their documents: all of them in memory, each change in the tables first. */
export class BucketTable {
  readonly #tables: Kysely<BucketsSchema>;
  readonly #rows: Rows;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();
  readonly #documents = new Map<string, ReadonlyMap<string, string>>();

  private constructor(tables: Kysely<BucketsSchema>, rows: Rows, clock: Clock) {
    this.#tables = tables;
    this.#rows = rows;
    this.#clock = clock;
  }

  static async open(tables: Kysely<BucketsSchema>, rows: Rows, clock: Clock): Promise<BucketTable> {
    const table = new BucketTable(tables, rows, clock);
    for (const { name } of await tables.selectFrom("buckets").select("name").execute()) await table.#load(name);
    return table;
  }

  has(name: string): boolean {
    return this.#buckets.has(name);
  }

  get(name: string): Bucket {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) throw refusals.noSuchBucket(name);
    return bucket;
  }

  all(account: string): readonly Bucket[] {
    return [...this.#buckets.values()]
      .filter((bucket) => bucket.account === account)
      .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** The bucket as a transaction finds it: another one may have changed or removed it since `get`. */
  async within(transaction: Transaction<BucketsSchema>, name: string): Promise<Bucket> {
    const row = await transaction.selectFrom("buckets").selectAll().where("name", "=", name).executeTakeFirst();
    if (row === undefined) throw refusals.noSuchBucket(name);
    return toBucket(row);
  }

  async create(
    name: string,
    owner: { readonly account: string; readonly region: string; readonly objectLock?: boolean },
  ): Promise<Bucket> {
    const { account, region, objectLock = false } = owner;
    const row: BucketRow = {
      name: parseBucketName(name),
      account,
      region,
      created_at: this.#clock.now(),
      versioning: objectLock ? "Enabled" : null,
      object_lock: Number(objectLock),
      default_retention: null,
      encryption: null,
    };
    const { numInsertedOrUpdatedRows } = await this.#commit(
      name,
      async (transaction) =>
        await transaction
          .insertInto("buckets")
          .values(row)
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirstOrThrow(),
    );
    return numInsertedOrUpdatedRows === 1n ? this.get(name) : this.#again(name, account);
  }

  async setVersioning(name: string, state: "Enabled" | "Suspended"): Promise<void> {
    await this.#change(name, (bucket) => {
      if (bucket.objectLock && state !== "Enabled") {
        throw invalidState(
          "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
        );
      }
      return { versioning: state };
    });
  }

  async setDefaultRetention(name: string, retention: DefaultRetention | undefined): Promise<void> {
    if (retention !== undefined) checkDefaultRetention(retention);
    await this.#change(name, (bucket) => {
      if (bucket.versioning !== "Enabled") {
        throw invalidState("Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration");
      }
      return { object_lock: 1, default_retention: retention === undefined ? null : JSON.stringify(retention) };
    });
  }

  async setEncryption(name: string, encryption: ObjectEncryption | undefined): Promise<void> {
    await this.#change(name, () => ({ encryption: encryption === undefined ? null : JSON.stringify(encryption) }));
  }

  document(name: string, kind: BucketDocument): string | undefined {
    this.get(name);
    return this.#documents.get(name)?.get(kind);
  }

  async setDocument(name: string, kind: BucketDocument, text: string | undefined): Promise<void> {
    await this.#commit(name, async (transaction) => {
      await this.within(transaction, name);
      if (text === undefined) {
        await transaction.deleteFrom("bucket_documents").where("bucket", "=", name).where("kind", "=", kind).execute();
        return;
      }
      await transaction
        .insertInto("bucket_documents")
        .values({ bucket: name, kind, text })
        .onConflict((conflict) => conflict.columns(["bucket", "kind"]).doUpdateSet({ text }))
        .execute();
    });
  }

  /** With its documents and uploads; its versions must be gone. */
  async delete(name: string): Promise<void> {
    await this.#commit(name, async (transaction, forget) => {
      const bucket = await this.within(transaction, name);
      const version = await transaction
        .selectFrom("versions")
        .select("sequence")
        .where("bucket", "=", name)
        .limit(1)
        .executeTakeFirst();
      if (version !== undefined) throw refusals.bucketNotEmpty(name, bucket.versioning !== undefined);
      const parts = await transaction
        .selectFrom("parts")
        .innerJoin("uploads", "uploads.upload_id", "parts.upload_id")
        .select("file")
        .where("bucket", "=", name)
        .execute();
      for (const { file } of parts) forget(file);
      await transaction.deleteFrom("buckets").where("name", "=", name).execute();
    });
  }

  async #change(name: string, change: (bucket: Bucket) => Partial<BucketRow>): Promise<void> {
    await this.#commit(name, async (transaction) => {
      const changed = change(await this.within(transaction, name));
      await transaction.updateTable("buckets").set(changed).where("name", "=", name).execute();
    });
  }

  async #commit<Result>(
    name: string,
    work: (transaction: Transaction<BucketsSchema>, forget: Forget) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await this.#rows.commit(work);
    } finally {
      // Also after a failure: the change may have been made.
      await this.#load(name);
    }
  }

  /** The name was taken. */
  #again(name: string, account: string): Bucket {
    const bucket = this.get(name);
    if (bucket.account !== account) throw refusals.bucketTaken(name);
    if (bucket.region !== LENIENT_REGION) throw refusals.bucketAlreadyYours(name);
    return bucket;
  }

  async #load(name: string): Promise<void> {
    const row = await this.#tables.selectFrom("buckets").selectAll().where("name", "=", name).executeTakeFirst();
    const documents = await this.#tables
      .selectFrom("bucket_documents")
      .select(["kind", "text"])
      .where("bucket", "=", name)
      .execute();
    if (row === undefined) {
      this.#buckets.delete(name);
      this.#documents.delete(name);
      return;
    }
    this.#buckets.set(name, toBucket(row));
    this.#documents.set(name, new Map(documents.map(({ kind, text }) => [kind, text])));
  }
}

function toBucket(row: BucketRow): Bucket {
  return {
    name: row.name,
    account: row.account,
    region: row.region,
    createdAt: row.created_at,
    versioning: row.versioning ?? undefined,
    objectLock: row.object_lock === 1,
    ...optional("defaultRetention", parse<DefaultRetention>(row.default_retention)),
    ...optional("encryption", parse<ObjectEncryption>(row.encryption)),
  };
}

function parse<Value>(json: string | null): Value | undefined {
  return json === null ? undefined : (JSON.parse(json) as Value);
}

function invalidState(message: string): Refusal {
  return new Refusal("InvalidBucketState", message, 409);
}
