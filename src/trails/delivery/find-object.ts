import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { reason } from "../../core/index.ts";
import type { Trail } from "../trail.ts";
import type { PackedFile } from "./file-contents.ts";

/** An object that lies in a bucket. */
export interface FoundObject {
  readonly bytes: Uint8Array;
  readonly etag: string;
  readonly versionId?: string;
}

/** What lies under a key; undefined when nothing does. @throws {Failure} whose `code` is S3's error code. */
export type FindObject = (trail: Trail, bucket: string, key: string) => Promise<FoundObject | undefined>;

/**
 * What an earlier try may have put. Undefined also where we may write but not read: then it is put again, which replaces it,
 * or makes a second version, with the same contents.
 */
export async function lookFor(
  find: FindObject,
  trail: Trail,
  bucket: string,
  key: string,
): Promise<FoundObject | undefined> {
  try {
    return await find(trail, bucket, key);
  } catch (thrown) {
    if (UNREADABLE.has(errorCode(thrown))) return undefined;
    throw thrown;
  }
}

const UNREADABLE: ReadonlySet<string> = new Set(["AccessDenied", "Forbidden", "NoSuchKey", "NotFound"]);

/** Whether an object has these contents, also when it was packed by another version of zlib. */
export async function isSameFile(bytes: Uint8Array, file: PackedFile): Promise<boolean> {
  if (Buffer.compare(bytes, file.gzip) === 0) return true;
  try {
    const contents = await promisify(gunzip)(bytes, { maxOutputLength: file.bytes });
    return createHash("sha256").update(contents).digest("hex") === file.sha256;
  } catch {
    // Whatever it is, it is not what we would put: too long, or no gzip at all.
    return false;
  }
}

/** S3's error code, or `InternalError` when what was thrown bears none. */
function errorCode(thrown: unknown): string {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  return typeof code === "string" && code !== "" ? code : "InternalError";
}

/** By which a failure is known again: its words may name what is another thing each time, such as a file in the making. */
export function problemOf(thrown: unknown): string {
  return thrown instanceof Error && "code" in thrown ? String(thrown.code) : reason(thrown);
}

/**
 * What the status shows of a failure: GetTrailStatus tells of problems with the destination, not of time-outs.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html
 */
export function shownError(thrown: unknown): string | undefined {
  const code = errorCode(thrown);
  return TRANSIENT.has(code) ? undefined : code;
}

const TRANSIENT: ReadonlySet<string> = new Set(["Timeout", "RequestTimeout", "SlowDown", "ServiceUnavailable"]);
