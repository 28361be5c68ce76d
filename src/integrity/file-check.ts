import type { Kysely } from "kysely";
import type { Logger } from "pino";
import { type Clock, Failure, isoSeconds, type Random, reason } from "../core/index.ts";
import { type AuditRecord, serviceEventRecord } from "../record/index.ts";
import { type FileReader, type Finding, inspect, type KnownFile } from "./file-findings.ts";
import type { FileKind, IntegritySchema } from "./schema.ts";

export interface FileCheckNeeds extends FileReader {
  readonly tables: Kysely<IntegritySchema>;
  /** Delivered log files in the order of their ids, those after `afterId`, at most `limit`. */
  readonly logFiles: (afterId: number, limit: number) => Promise<readonly Omit<KnownFile, "kind">[]>;
  /** Resolves once the records are durable. */
  readonly report: (records: readonly AuditRecord[]) => Promise<void>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export interface FileCheckOptions {
  /** Between rounds. */
  readonly intervalMs: number;
  /** How long after its delivery the properties of a file are looked at in every round. */
  readonly recentMs: number;
  /** How many files' properties are asked for in a round, per kind. */
  readonly recentFilesMax: number;
  /** How many bytes of files, the oldest first and around again, are read whole in a round, per kind. */
  readonly wholeBytesMax: number;
}

export interface FileCheck {
  close(): Promise<void>;
}

/** Starts to look, again and again, whether delivered log and digest files lie in their buckets as they were delivered. */
export function startFileCheck(needs: FileCheckNeeds, options: FileCheckOptions): FileCheck {
  const check = new FileSweep(needs, options);
  check.start();
  return check;
}

const KINDS: readonly FileKind[] = ["log", "digest"];
const PAGE = 500;

/** What is told in one round. The rest is found again in the next one. */
const FINDINGS_MAX = 1000;

/** The columns of `file_check_places`. */
type Place = "recent_after" | "whole_after";

/**
 * Looks at the properties of recent files in every round, and reads all of them whole in turn. Each finding is reported
 * once, and again when it becomes another one or comes back after it was mended. A bucket that cannot be reached is none.
 */
export class FileSweep implements FileCheck {
  readonly #needs: FileCheckNeeds;
  readonly #options: FileCheckOptions;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #closed = false;
  #problem: string | undefined;
  /** Where the next round goes on among the recent files. */
  readonly #next = new Map<FileKind, number>();
  /** Of this round. */
  #unreachable = new Set<string>();
  #told = 0;

  constructor(needs: FileCheckNeeds, options: FileCheckOptions) {
    this.#needs = needs;
    this.#options = options;
  }

  start(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#round = this.#roundSafely().then(() => this.start());
    }, this.#options.intervalMs).unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  /** @throws {Failure} when the tables or the journal refuse; the next round goes on. */
  async round(): Promise<void> {
    this.#unreachable = new Set();
    this.#told = 0;
    await this.#reportAgain();
    for (const kind of KINDS) {
      await this.#lookAtRecent(kind);
      await this.#readWhole(kind);
    }
  }

  async #roundSafely(): Promise<void> {
    try {
      await this.round();
      this.#problem = undefined;
    } catch (err) {
      if (this.#problem !== reason(err)) this.#needs.log.error({ err }, "delivered files are not checked");
      this.#problem = reason(err);
    }
  }

  /** What the last process was about to report. The journal knows a record that it has by its id. */
  async #reportAgain(): Promise<void> {
    const rows = await this.#needs.tables
      .selectFrom("file_findings")
      .selectAll()
      .where("reported_at", "is", null)
      .limit(FINDINGS_MAX)
      .execute();
    for (const { kind, file_id, finding, event_id } of rows) {
      const stored = JSON.parse(finding) as StoredFinding;
      await this.#report(kind, file_id, stored, event_id);
    }
  }

  /** From where the last round stopped, if it did not come to the newest file. */
  async #lookAtRecent(kind: FileKind): Promise<void> {
    let after = Math.max(await this.#passOld(kind), this.#next.get(kind) ?? 0);
    for (let left = this.#options.recentFilesMax; left > 0 && !this.#closed; ) {
      const files = await this.#files(kind, after, Math.min(PAGE, left));
      for (const file of files) await this.#look(file, false);
      after = files.at(-1)?.id ?? 0;
      left -= Math.max(1, files.length);
      if (files.length === 0) break;
    }
    this.#next.set(kind, after);
  }

  /** The id up to which no file is recent any more. */
  async #passOld(kind: FileKind): Promise<number> {
    const oldest = this.#needs.clock.now() - this.#options.recentMs;
    const first = await this.#place(kind, "recent_after");
    for (let after = first; ; ) {
      const files = await this.#files(kind, after, PAGE);
      const recent = files.findIndex(({ deliveredAt }) => deliveredAt >= oldest);
      const old = recent === -1 ? files : files.slice(0, recent);
      after = old.at(-1)?.id ?? after;
      if (old.length === PAGE) continue;
      if (after !== first) await this.#setPlace(kind, "recent_after", after);
      return after;
    }
  }

  async #readWhole(kind: FileKind): Promise<void> {
    const first = await this.#place(kind, "whole_after");
    let after = first;
    for (let read = 0; read < this.#options.wholeBytesMax && !this.#closed; ) {
      const [file] = await this.#files(kind, after, 1);
      after = file?.id ?? 0;
      if (file === undefined) break;
      await this.#look(file, true);
      read += Math.max(file.size ?? 0, SMALLEST_BYTES);
    }
    if (after !== first) await this.#setPlace(kind, "whole_after", after);
  }

  async #look(file: KnownFile, whole: boolean): Promise<void> {
    if (this.#unreachable.has(file.bucket) || this.#closed) return;
    const known = await this.#known(file);
    let finding: Finding | undefined;
    try {
      finding = await inspect(this.#needs, file, known, whole);
    } catch (err) {
      // Who cannot see the bucket knows nothing of the file. The delivery tells that the bucket is broken.
      this.#needs.log.debug({ err, bucket: file.bucket }, "a bucket's files cannot be checked");
      this.#unreachable.add(file.bucket);
      return;
    }
    if (finding === undefined) await this.#forget(file, known);
    else if (JSON.stringify(finding) !== JSON.stringify(known)) await this.#keepAndReport(file, finding);
  }

  async #known({ kind, id }: KnownFile): Promise<Finding | undefined> {
    const row = await this.#needs.tables
      .selectFrom("file_findings")
      .select("finding")
      .where("kind", "=", kind)
      .where("file_id", "=", id)
      .executeTakeFirst();
    return row && (JSON.parse(row.finding) as StoredFinding).finding;
  }

  /** The file is what it was delivered as, again. */
  async #forget({ kind, id }: KnownFile, known: Finding | undefined): Promise<void> {
    if (known === undefined) return;
    const findings = this.#needs.tables.deleteFrom("file_findings");
    await findings.where("kind", "=", kind).where("file_id", "=", id).execute();
  }

  /** Kept before it is reported: a crash in between reports the same record once more, by its id the same. */
  async #keepAndReport(file: KnownFile, finding: Finding): Promise<void> {
    if (this.#told >= FINDINGS_MAX) return;
    const { tables, random, clock } = this.#needs;
    const { kind, id, bucket, key, trailArn, account, region } = file;
    const stored = { finding, file: { bucket, key, trailArn, account, region }, foundAt: clock.now() };
    const row = { finding: JSON.stringify(stored), event_id: random.uuid(), reported_at: null };
    await tables
      .insertInto("file_findings")
      .values({ kind, file_id: id, ...row })
      .onConflict((conflict) => conflict.columns(["kind", "file_id"]).doUpdateSet(row))
      .execute();
    await this.#report(kind, id, stored, row.event_id);
  }

  async #report(kind: FileKind, id: number, { finding, file, foundAt }: StoredFinding, eventID: string): Promise<void> {
    const { eventName, ...marks } = finding;
    const { account, region, ...names } = file;
    const details = { ...names, ...marks };
    const { tables, clock, log } = this.#needs;
    try {
      await this.#needs.report([serviceEventRecord({ eventName, eventID, timeMs: foundAt, account, region, details })]);
    } catch (cause) {
      throw new Failure(`report ${eventName} of ${file.bucket}/${file.key}`, cause);
    }
    log.warn({ ...details, at: isoSeconds(foundAt) }, `${eventName}: a delivered file is not what it was`);
    this.#told += 1;
    await tables
      .updateTable("file_findings")
      .set({ reported_at: clock.now() })
      .where("kind", "=", kind)
      .where("file_id", "=", id)
      .where("event_id", "=", eventID)
      .execute();
  }

  async #files(kind: FileKind, after: number, limit: number): Promise<readonly KnownFile[]> {
    if (kind === "digest") return await deliveredDigests(this.#needs.tables, after, limit);
    return (await this.#needs.logFiles(after, limit)).map((file) => ({ ...file, kind }));
  }

  async #place(kind: FileKind, place: Place): Promise<number> {
    const row = await this.#needs.tables
      .selectFrom("file_check_places")
      .select(place)
      .where("kind", "=", kind)
      .executeTakeFirst();
    return row?.[place] ?? 0;
  }

  async #setPlace(kind: FileKind, place: Place, id: number): Promise<void> {
    await this.#needs.tables
      .insertInto("file_check_places")
      .values({ kind, recent_after: 0, whole_after: 0, [place]: id })
      .onConflict((conflict) => conflict.column("kind").doUpdateSet({ [place]: id }))
      .execute();
  }
}

/** What a round's bytes are counted at least for a file: asking costs, too. */
const SMALLEST_BYTES = 64 * 1024;

interface StoredFinding {
  readonly finding: Finding;
  readonly file: Pick<KnownFile, "bucket" | "key" | "trailArn" | "account" | "region">;
  readonly foundAt: number;
}

/** A digest that was delivered long after it was decided is not among the recent ones; it is read in its turn. */
async function deliveredDigests(
  tables: Kysely<IntegritySchema>,
  after: number,
  limit: number,
): Promise<readonly KnownFile[]> {
  const rows = await tables
    .selectFrom("digests")
    .selectAll()
    .where("digest_id", ">", after)
    .where("delivered_at", "is not", null)
    .orderBy("digest_id")
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    id: row.digest_id as number,
    kind: "digest",
    trailArn: row.trail_arn,
    account: row.account_id,
    region: row.region,
    bucket: row.bucket,
    key: row.key,
    sha256: row.sha256,
    size: row.size,
    ...(row.etag !== null && { etag: row.etag }),
    ...(row.version_id !== null && { versionId: row.version_id }),
    signature: row.signature,
    deliveredAt: row.delivered_at as number,
  }));
}
