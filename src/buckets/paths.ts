import { createHash } from "node:crypto";
import { refusals } from "./refusals.ts";

/** Bytes of a key in UTF-8. */
const KEY_BYTES_MAX = 1024;
/** Bytes of a name in a folder: what common file systems take. */
const NAME_BYTES_MAX = 255;
/** Bytes of the path below `objects/`; a longer one could pass what the system takes, with the folder's own path. */
const PATH_BYTES_MAX = 2048;

/** What a name in a folder does not hold as it is: `~` begins a version, `%` an encoded character. */
const NOT_IN_NAMES = /[%~\\\p{Cc}]/gu;

/**
 * A key's bytes, in whose order keys are listed.
 * @throws {Refusal} `KeyTooLongError`; `InvalidURI` when it is no Unicode text, or empty.
 */
export function keyBytes(key: string): Buffer {
  if (key === "" || !key.isWellFormed()) throw refusals.badKey();
  const bytes = Buffer.from(key);
  if (bytes.length > KEY_BYTES_MAX) throw refusals.keyTooLong(bytes.length);
  return bytes;
}

/** The bucket's folder below the directory. `buckets.db` is a good name for a bucket, but taken. */
export function bucketFolder(bucket: string): string {
  return bucket.startsWith("buckets.db") ? `~${bucket}` : bucket;
}

/**
 * Where an object's bytes lie, below the directory: the key as a path, followed by `~` and `suffix`, which is the
 * version's id or whatever else makes the file unique.
 *
 * Folders have no `~` in their names and files have, so `a` and `a/b` live side by side. Two keys may share a path up to
 * the suffix (very long ones only), which is why the suffix must be unique: it is what tells files apart.
 */
export function objectFile(bucket: string, key: string, suffix: string): string {
  const segments = key.split("/").map(encodeSegment);
  const folders = segments.slice(0, -1).map((segment) => shorten(segment, NAME_BYTES_MAX));
  const ending = `~${suffix}`;
  const name = shorten(segments.at(-1) ?? "", NAME_BYTES_MAX - ending.length) + ending;
  const path = [...folders, name].join("/");
  const fitting = Buffer.byteLength(path) > PATH_BYTES_MAX ? `%long/${digest(key)}${ending}` : path;
  return `${bucketFolder(bucket)}/objects/${fitting}`;
}

/** Where a part of an upload waits. */
export function partFile(bucket: string, uploadId: string, partNumber: number, suffix: string): string {
  return `${bucketFolder(bucket)}/uploads/${uploadId}/${partNumber}~${suffix}`;
}

/** No segment stays empty, `.` or `..`, nor holds what would end a name. */
function encodeSegment(segment: string): string {
  if (segment === "") return "%";
  if (segment === "." || segment === "..") return segment.replaceAll(".", "%2E");
  return segment.replace(
    NOT_IN_NAMES,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}

/** The segment, or its beginning and its hash when it has too many bytes. */
function shorten(segment: string, bytesMax: number): string {
  const bytes = Buffer.from(segment);
  if (bytes.length <= bytesMax) return segment;
  const ending = `%-${digest(segment)}`;
  // Decoding as a stream leaves out a character that the cut went through.
  const beginning = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(0, bytesMax - ending.length), {
    stream: true,
  });
  return beginning + ending;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
