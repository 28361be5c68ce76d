import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { DIGEST_METADATA } from "./digest-file.ts";
import type { FileKind } from "./schema.ts";

/** A file as it was delivered. */
export interface KnownFile {
  readonly id: number;
  readonly kind: FileKind;
  readonly trailArn: string;
  readonly account: string;
  readonly region: string;
  readonly bucket: string;
  readonly key: string;
  /** Hex, of the uncompressed bytes. */
  readonly sha256: string;
  /** Of what was put. */
  readonly size?: number;
  readonly etag?: string;
  readonly versionId?: string;
  /** A digest's, which its object bears as metadata. */
  readonly signature?: string;
  readonly deliveredAt: number;
}

/** What a bucket says of an object; `BucketStore.head` does. */
export interface FoundObject {
  readonly size: number;
  readonly etag: string;
  readonly versionId?: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * How the files of trails are looked at: `BucketStore` fits. Both throw when the bucket cannot be reached; an error of `get`
 * whose `code` is `Damaged` says that it was reached, and that nobody can read the file any more.
 */
export interface FileReader {
  head(bucket: string, key: string, versionId?: string): Promise<FoundObject | undefined>;
  get(bucket: string, key: string): Promise<{ readonly bytes: Uint8Array }>;
}

/** What is wrong with a file; its members stand in the record that tells of it. */
export interface Finding {
  readonly eventName: "LogFileDeleted" | "LogFileReplaced" | "DigestFileDeleted" | "DigestFileReplaced";
  readonly expected: FileMarks;
  /** Absent when it was deleted. */
  readonly found?: FoundMarks;
  /** Whether the bucket still has the version that was delivered. */
  readonly deliveredVersionKept?: boolean;
}

interface FileMarks {
  readonly size?: number;
  readonly etag?: string;
  readonly versionId?: string;
  /** Hex SHA-256 of the uncompressed bytes; `unreadable` when they are not gzip, or far too many. */
  readonly sha256?: string;
}

interface FoundMarks extends FileMarks {
  /** A digest's, in its metadata. */
  readonly signatureChanged?: boolean;
}

const NAMES = {
  log: { deleted: "LogFileDeleted", replaced: "LogFileReplaced" },
  digest: { deleted: "DigestFileDeleted", replaced: "DigestFileReplaced" },
} as const;

/**
 * What is wrong with the file as it lies in its bucket, if anything. Its properties are looked at, and its content when they
 * are not those of what was delivered, or `whole` asks for it. The same content again, under a newer version, is not wrong.
 *
 * `known` is what was found before: it is the answer as long as nothing changed since.
 */
export async function inspect(
  reader: FileReader,
  file: KnownFile,
  known: Finding | undefined,
  whole: boolean,
): Promise<Finding | undefined> {
  const object = await reader.head(file.bucket, file.key);
  const expected = { ...marksOf(file), sha256: file.sha256 };
  if (object === undefined) {
    return { eventName: NAMES[file.kind].deleted, expected, ...(await keptVersion(reader, file)) };
  }
  const marks = { ...marksOf(object), ...(isOtherSignature(file, object) && { signatureChanged: true }) };
  if (!whole && known?.found !== undefined && isSameMarks(known.found, marks)) return known;
  if (!whole && isAsDelivered(file, marks)) return undefined;
  const sha256 = await contentHash(reader, file, object);
  if (sha256 === file.sha256 && marks.signatureChanged !== true) return undefined;
  return {
    eventName: NAMES[file.kind].replaced,
    expected,
    found: { ...marks, sha256 },
    ...(marks.versionId === file.versionId ? {} : await keptVersion(reader, file)),
  };
}

function isAsDelivered({ size, etag, versionId }: KnownFile, found: FoundMarks): boolean {
  const same = <Value>(expected: Value | undefined, value: Value): boolean =>
    expected === undefined || expected === value;
  return (
    found.signatureChanged !== true &&
    same(size, found.size) &&
    same(etag, found.etag) &&
    same(versionId, found.versionId)
  );
}

function isSameMarks(one: FoundMarks, other: FoundMarks): boolean {
  return (["size", "etag", "versionId", "signatureChanged"] as const).every((mark) => one[mark] === other[mark]);
}

async function keptVersion(
  reader: FileReader,
  { bucket, key, versionId }: KnownFile,
): Promise<{ readonly deliveredVersionKept?: boolean }> {
  if (versionId === undefined) return {};
  return { deliveredVersionKept: (await reader.head(bucket, key, versionId)) !== undefined };
}

function isOtherSignature({ signature }: KnownFile, { metadata }: FoundObject): boolean {
  return signature !== undefined && metadata[DIGEST_METADATA.signature] !== signature;
}

function marksOf({ size, etag, versionId }: Pick<KnownFile, "size" | "etag" | "versionId">): FileMarks {
  return {
    ...(size !== undefined && { size }),
    ...(etag !== undefined && { etag }),
    ...(versionId !== undefined && { versionId }),
  };
}

/** `unreadable` for what no file of ours is: it must not fill our memory either. */
async function contentHash(reader: FileReader, { bucket, key }: KnownFile, { size }: FoundObject): Promise<string> {
  if (size > FILE_BYTES_MAX) return UNREADABLE;
  try {
    return await hashOf((await reader.get(bucket, key)).bytes);
  } catch (thrown) {
    if ((thrown as { readonly code?: unknown }).code === "Damaged") return UNREADABLE;
    throw thrown;
  }
}

async function hashOf(bytes: Uint8Array): Promise<string> {
  try {
    const plain = await promisify(gunzip)(bytes, { maxOutputLength: FILE_BYTES_MAX });
    return createHash("sha256").update(plain).digest("hex");
  } catch {
    // Whatever it is, it is not what was delivered: that is the answer.
    return UNREADABLE;
  }
}

const UNREADABLE = "unreadable";

/** More than a log file is ever given: it is closed at 50 MB of records. */
const FILE_BYTES_MAX = 256 * 1024 * 1024;
