import { createHash } from "node:crypto";
import { optional, randomText } from "../core/index.ts";
import type {
  ChecksumAlgorithm,
  ObjectChecksum,
  ObjectVersion,
  PutObjectRequest,
  Upload,
  UploadedPart,
} from "./buckets.ts";
import { compositeChecksum } from "./checksums.ts";
import { checkChecksum, writeContent } from "./content.ts";
import { isAbsent } from "./files.ts";
import { lockOfNewVersion } from "./lock.ts";
import type { Objects, Shelf } from "./objects.ts";
import { keyBytes, partFile } from "./paths.ts";
import { openContent } from "./read-object.ts";
import { refusals } from "./refusals.ts";
import type { PartRow, UploadRow } from "./schema.ts";
import { type Tables, textOf } from "./version-rows.ts";

/** Of every part but the last one. */
const PART_BYTES_MIN = 5 * 1024 ** 2;
const PART_NUMBER_MAX = 10_000;
/** Of a whole object. */
const OBJECT_BYTES_MAX = 5 * 1024 ** 4;

/** Kinds of checksum that can be said of a whole object made of parts; the first one is what is meant when none is said. */
const CHECKSUM_TYPES: Readonly<Record<ChecksumAlgorithm, readonly ObjectChecksum["type"][]>> = {
  CRC32: ["COMPOSITE", "FULL_OBJECT"],
  CRC32C: ["COMPOSITE", "FULL_OBJECT"],
  CRC64NVME: ["FULL_OBJECT"],
  SHA1: ["COMPOSITE"],
  SHA256: ["COMPOSITE"],
};

export interface NamedPart {
  readonly partNumber: number;
  readonly etag: string;
}

/** Multipart uploads: parts are files of their own until the upload is completed, then the object is written from them. */
export class Uploads {
  readonly #shelf: Shelf;
  readonly #objects: Objects;

  constructor(shelf: Shelf, objects: Objects) {
    this.#shelf = shelf;
    this.#objects = objects;
  }

  async create(
    bucketName: string,
    key: string,
    upload: Omit<Upload, "uploadId" | "key" | "initiatedAt">,
  ): Promise<Upload> {
    const { buckets, clock, keys, random, rows } = this.#shelf;
    const bucket = buckets.get(bucketName);
    const initiatedAt = clock.now();
    lockOfNewVersion(bucket, upload.request.lock, initiatedAt);
    const encryption = keys.choose(bucket, upload.request.encryption);
    const row: UploadRow = {
      // Uploads of one key are listed in the order of their ids: they begin with the time.
      upload_id: initiatedAt.toString(36).padStart(9, "0") + randomText(random, 39, UPLOAD_ALPHABET),
      bucket: bucketName,
      key: keyBytes(key),
      initiated_at: initiatedAt,
      request: JSON.stringify({ ...upload.request, ...optional("encryption", encryption) }),
      checksum_algorithm: upload.checksumAlgorithm ?? null,
      checksum_type: checksumType(upload) ?? null,
    };
    await rows.commit(async (transaction) => {
      await buckets.within(transaction, bucketName);
      await transaction.insertInto("uploads").values(row).execute();
    });
    return toUpload(row);
  }

  async get(bucket: string, key: string, uploadId: string): Promise<Upload> {
    this.#shelf.buckets.get(bucket);
    return toUpload(await needUpload(this.#shelf.tables, bucket, keyBytes(key), uploadId));
  }

  async putPart(
    bucket: string,
    key: string,
    uploadId: string,
    partNumber: number,
    body: AsyncIterable<Uint8Array>,
    request: Pick<PutObjectRequest, "checksum" | "contentMd5" | "size">,
  ): Promise<UploadedPart> {
    const { clock, files, keys, random, rows, tables } = this.#shelf;
    if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > PART_NUMBER_MAX) {
      throw refusals.badPartNumber(partNumber);
    }
    const upload = await this.get(bucket, key, uploadId);
    const checksum = partChecksum(upload, request.checksum);
    const { encryption } = upload.request;
    const dataKey = encryption && keys.create(encryption, { bucket, key });
    const file = partFile(bucket, uploadId, partNumber, randomText(random, 12, UPLOAD_ALPHABET));
    const expected = { ...request, ...optional("checksum", checksum) };
    const content = await writeContent(files, body, { file, key: dataKey?.key }, expected);
    const row: PartRow = {
      upload_id: uploadId,
      part_number: partNumber,
      size: content.size,
      etag: `"${content.md5.toString("hex")}"`,
      last_modified: clock.now(),
      checksum:
        checksum === undefined ? null : JSON.stringify({ algorithm: checksum.algorithm, value: content.checksum }),
      sealed_key: dataKey?.sealed ?? null,
      file,
    };
    const isKnown = async (): Promise<boolean> => (await onePart(tables, uploadId, partNumber))?.file === file;
    await rows.commit(
      async (transaction, forget) => {
        await needUpload(transaction, bucket, keyBytes(key), uploadId);
        const before = await onePart(transaction, uploadId, partNumber);
        if (before !== undefined) forget(before.file);
        await transaction.replaceInto("parts").values(row).execute();
      },
      { file, mark: content.mark, isKnown },
    );
    return toPart(row);
  }

  async parts(
    bucket: string,
    key: string,
    uploadId: string,
    after: number,
    limit: number,
  ): Promise<{ readonly parts: readonly UploadedPart[]; readonly more: boolean }> {
    await this.get(bucket, key, uploadId);
    const rows = await this.#shelf.tables
      .selectFrom("parts")
      .selectAll()
      .where("upload_id", "=", uploadId)
      .where("part_number", ">", after)
      .orderBy("part_number")
      .limit(limit + 1)
      .execute();
    return { parts: rows.slice(0, limit).map(toPart), more: rows.length > limit };
  }

  async complete(
    bucketName: string,
    key: string,
    uploadId: string,
    named: readonly NamedPart[],
    request: Pick<PutObjectRequest, "checksum" | "onlyIf">,
  ): Promise<ObjectVersion> {
    const { buckets, files, keys } = this.#shelf;
    const upload = await this.get(bucketName, key, uploadId);
    const parts = await this.#choose(uploadId, named);
    const composite = await compositeOf(upload, parts);
    if (composite !== undefined) checkComposite(composite, request.checksum?.value?.());
    const { encryption } = upload.request;
    const dataKey = encryption && keys.create(encryption, { bucket: bucketName, key });
    const { versionId, file } = this.#objects.newFile(buckets.get(bucketName), key);
    const full = fullAlgorithm(upload, request.checksum?.algorithm);
    const content = await writeContent(
      files,
      this.#bytesOf(bucketName, upload, parts),
      { file, key: dataKey?.key },
      {
        sizeMax: OBJECT_BYTES_MAX,
        ...optional("checksum", full && { algorithm: full, ...optional("value", request.checksum?.value) }),
      },
    );
    const whole =
      full && content.checksum && ({ algorithm: full, value: content.checksum, type: "FULL_OBJECT" } as const);
    return await this.#objects.add(
      bucketName,
      key,
      {
        content,
        versionId,
        etag: `"${md5OfMd5s(parts)}-${parts.length}"`,
        request: { ...upload.request, ...optional("onlyIf", request.onlyIf) },
        encryption,
        sealedKey: dataKey?.sealed,
        checksum: composite ?? (whole || undefined),
        parts: parts.map(({ size }) => size),
      },
      async (transaction, forget) => {
        await needUpload(transaction, bucketName, keyBytes(key), uploadId);
        await this.#drop(transaction, uploadId, forget);
      },
    );
  }

  async abort(bucket: string, key: string, uploadId: string): Promise<void> {
    const { buckets, rows } = this.#shelf;
    buckets.get(bucket);
    await rows.commit(async (transaction, forget) => {
      await needUpload(transaction, bucket, keyBytes(key), uploadId);
      await this.#drop(transaction, uploadId, forget);
    });
  }

  async list(
    bucket: string,
    listing: {
      readonly prefix: string;
      readonly keyMarker: string;
      readonly uploadIdMarker: string;
      readonly limit: number;
    },
  ): Promise<{ readonly uploads: readonly Upload[]; readonly more: boolean }> {
    this.#shelf.buckets.get(bucket);
    const { limit } = listing;
    const marker = Buffer.from(listing.keyMarker);
    const prefix = Buffer.from(listing.prefix);
    let query = this.#shelf.tables
      .selectFrom("uploads")
      .selectAll()
      .where("bucket", "=", bucket)
      .where("key", ">=", Buffer.compare(marker, prefix) > 0 ? marker : prefix);
    if (marker.length > 0) {
      // Without an id, nothing of the marked key follows.
      query = query.where((where) =>
        where.or([
          where("key", ">", marker),
          ...(listing.uploadIdMarker === "" ? [] : [where("upload_id", ">", listing.uploadIdMarker)]),
        ]),
      );
    }
    const rows = await query
      .orderBy("key")
      .orderBy("upload_id")
      .limit(limit + 1)
      .execute();
    const fitting = rows.filter((row) => Buffer.from(row.key).subarray(0, prefix.length).equals(prefix));
    return { uploads: fitting.slice(0, limit).map(toUpload), more: fitting.length > limit };
  }

  async #choose(uploadId: string, named: readonly NamedPart[]): Promise<readonly PartRow[]> {
    if (named.some(({ partNumber }, index) => partNumber <= (named[index - 1]?.partNumber ?? -Infinity))) {
      throw refusals.partsOutOfOrder(uploadId);
    }
    const rows = await this.#shelf.tables.selectFrom("parts").selectAll().where("upload_id", "=", uploadId).execute();
    const known = new Map(rows.map((row) => [row.part_number, row]));
    const chosen = named.map(({ partNumber, etag }) => {
      const row = known.get(partNumber);
      if (row === undefined || bare(row.etag) !== bare(etag))
        throw refusals.invalidPart(uploadId, partNumber, bare(etag));
      return row;
    });
    const small = chosen.slice(0, -1).find(({ size }) => size < PART_BYTES_MIN);
    if (small !== undefined) {
      throw refusals.partTooSmall(small.part_number, bare(small.etag), small.size, PART_BYTES_MIN);
    }
    return chosen;
  }

  async *#bytesOf(bucket: string, upload: Upload, parts: readonly PartRow[]): AsyncGenerator<Uint8Array> {
    const { files, keys } = this.#shelf;
    const { encryption } = upload.request;
    for (const { sealed_key: sealed, file, part_number: number, etag, size } of parts) {
      const dataKey =
        sealed !== null && encryption !== undefined
          ? keys.open(sealed, encryption, { bucket, key: upload.key })
          : undefined;
      try {
        const content = await openContent(await files.read(file), dataKey, file);
        yield* content.stream(0, size - 1) as AsyncIterable<Uint8Array>;
      } catch (cause) {
        // Put once more, or aborted, since it was chosen.
        throw isAbsent(cause) ? refusals.invalidPart(upload.uploadId, number, bare(etag)) : cause;
      }
    }
  }

  async #drop(tables: Tables, uploadId: string, forget: (file: string) => void): Promise<void> {
    const parts = await tables.deleteFrom("parts").where("upload_id", "=", uploadId).returning("file").execute();
    await tables.deleteFrom("uploads").where("upload_id", "=", uploadId).execute();
    for (const { file } of parts) forget(file);
  }
}

const UPLOAD_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz";

async function needUpload(tables: Tables, bucket: string, key: Uint8Array, uploadId: string): Promise<UploadRow> {
  const row = await tables
    .selectFrom("uploads")
    .selectAll()
    .where("upload_id", "=", uploadId)
    .where("bucket", "=", bucket)
    .where("key", "=", key)
    .executeTakeFirst();
  if (row === undefined) throw refusals.noSuchUpload(uploadId);
  return row;
}

async function onePart(tables: Tables, uploadId: string, partNumber: number): Promise<PartRow | undefined> {
  return await tables
    .selectFrom("parts")
    .selectAll()
    .where("upload_id", "=", uploadId)
    .where("part_number", "=", partNumber)
    .executeTakeFirst();
}

function toUpload(row: UploadRow): Upload {
  return {
    uploadId: row.upload_id,
    key: textOf(row.key),
    initiatedAt: row.initiated_at,
    request: JSON.parse(row.request) as Upload["request"],
    ...optional("checksumAlgorithm", (row.checksum_algorithm as ChecksumAlgorithm | null) ?? undefined),
    ...optional("checksumType", (row.checksum_type as ObjectChecksum["type"] | null) ?? undefined),
  };
}

function toPart(row: PartRow): UploadedPart {
  return {
    partNumber: row.part_number,
    size: row.size,
    etag: row.etag,
    lastModified: row.last_modified,
    ...optional("checksum", partChecksumOf(row)),
  };
}

function partChecksumOf(row: PartRow): UploadedPart["checksum"] {
  return row.checksum === null ? undefined : (JSON.parse(row.checksum) as NonNullable<UploadedPart["checksum"]>);
}

/** @throws {Refusal} `InvalidRequest` when the algorithm has no such type. */
function checksumType(upload: Pick<Upload, "checksumAlgorithm" | "checksumType">): ObjectChecksum["type"] | undefined {
  const { checksumAlgorithm: algorithm } = upload;
  if (algorithm === undefined) return undefined;
  const types = CHECKSUM_TYPES[algorithm];
  const { checksumType: type = types[0] } = upload;
  if (type !== undefined && !types.includes(type)) throw refusals.badChecksumType(algorithm, type);
  return type;
}

/** A part's checksum is the upload's, when it has one, whether the part said one or not. */
function partChecksum(upload: Upload, own: PutObjectRequest["checksum"]): PutObjectRequest["checksum"] {
  const { checksumAlgorithm: algorithm } = upload;
  if (algorithm !== undefined && own !== undefined && own.algorithm !== algorithm) {
    throw refusals.otherChecksum(algorithm, own.algorithm);
  }
  return own ?? (algorithm === undefined ? undefined : { algorithm });
}

/** What is computed over the whole object: what the upload says, else what is said when it is completed. */
function fullAlgorithm(upload: Upload, said: ChecksumAlgorithm | undefined): ChecksumAlgorithm | undefined {
  if (upload.checksumAlgorithm === undefined) return said;
  return upload.checksumType === "FULL_OBJECT" ? upload.checksumAlgorithm : undefined;
}

async function compositeOf(upload: Upload, parts: readonly PartRow[]): Promise<ObjectChecksum | undefined> {
  const { checksumAlgorithm: algorithm, checksumType: type } = upload;
  if (algorithm === undefined || type !== "COMPOSITE") return undefined;
  const values = parts.map((part) => partChecksumOf(part)?.value ?? "");
  return { algorithm, type, value: await compositeChecksum(algorithm, values) };
}

/** With or without the number of parts, as clients say it. */
function checkComposite(found: ObjectChecksum, given: string | undefined): void {
  if (given === undefined) return;
  const [value = ""] = found.value.split("-");
  if (given !== found.value) checkChecksum(found.algorithm, given, value);
}

function md5OfMd5s(parts: readonly PartRow[]): string {
  const hash = createHash("md5");
  for (const { etag } of parts) hash.update(Buffer.from(bare(etag), "hex"));
  return hash.digest("hex");
}

function bare(etag: string): string {
  return etag.replaceAll('"', "");
}
