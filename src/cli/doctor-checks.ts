import { CallError } from "../api/client/index.ts";
import type { CloudtrailOperations } from "../aws/index.ts";
import { describeCallError } from "./call-error-hints.ts";
import type { PolicyReport } from "./doctor-policy.ts";
import type { BucketCalls } from "./s3-calls.ts";

/** One thing that was looked at. `says` and `next` may hold texts of servers. */
export interface Check {
  readonly name: string;
  /** `note`: worth knowing, nothing to mend. */
  readonly state: "ok" | "wrong" | "note";
  readonly says: string;
  /** What to do about it. */
  readonly next?: string;
}

export type Trail = NonNullable<CloudtrailOperations["GetTrail"]["output"]["Trail"]>;
type TrailStatus = CloudtrailOperations["GetTrailStatus"]["output"];

/** What the server itself says of its deliveries. `time` writes a point in time. */
export function statusChecks(trail: Trail, status: TrailStatus, time: (at: Date) => string): readonly Check[] {
  const name = trail.Name ?? "";
  const since = status.StartLoggingTime;
  const logging: Check = status.IsLogging
    ? { name: "logging", state: "ok", says: since === undefined ? "is on" : `since ${time(since)}` }
    : {
        name: "logging",
        state: "wrong",
        says: status.StopLoggingTime === undefined ? "was never started" : `stopped at ${time(status.StopLoggingTime)}`,
        next: `aws cloudtrail start-logging --name ${name}`,
      };
  const delivered = deliveryCheck("log files", status.LatestDeliveryTime, status.LatestDeliveryError, time);
  const digests: Check = trail.LogFileValidationEnabled
    ? deliveryCheck("digest files", status.LatestDigestDeliveryTime, status.LatestDigestDeliveryError, time)
    : {
        name: "digest files",
        state: "note",
        says: "are off: nobody can prove that log files were not changed",
        next: `aws cloudtrail update-trail --name ${name} --enable-log-file-validation`,
      };
  const others: readonly (readonly [string, string | undefined])[] = [
    ["notifications", status.LatestNotificationError],
    ["log group", status.LatestCloudWatchLogsDeliveryError],
  ];
  const failing = others.flatMap(([what, error]): Check[] =>
    error ? [{ name: what, state: "wrong", says: error }] : [],
  );
  return [logging, delivered, digests, ...failing];
}

function deliveryCheck(
  name: string,
  latest: Date | undefined,
  error: string | undefined,
  time: (at: Date) => string,
): Check {
  const last = latest === undefined ? "nothing delivered yet" : `last delivered at ${time(latest)}`;
  if (!error) return { name, state: latest === undefined ? "note" : "ok", says: last };
  return { name, state: "wrong", says: `the last try failed: ${error}; ${last}`, next: ERROR_STEPS[error] ?? ASK_LOG };
}

const ASK_LOG = "see the server's log; it goes on trying";

/** By S3's error codes, as GetTrailStatus tells them. */
const ERROR_STEPS: Readonly<Record<string, string>> = {
  AccessDenied: "put the policy below into the bucket; where it is in place, look for a statement that denies",
  NoSuchBucket: "make the bucket anew, or name another with aws cloudtrail update-trail",
  "KMS.NotFoundException": "name a key that is there with aws cloudtrail update-trail --kms-key-id",
  "KMS.DisabledException": "enable the key, or name another with aws cloudtrail update-trail --kms-key-id",
  Unreachable: "see whether the S3 server runs, and whether OpenTrail is told the right address",
  Timeout: "see whether the S3 server is well",
};

/** `elsewhere`: the bucket is on another server than the trail, which asks its own rules. */
export function policyCheck({ missing }: PolicyReport, elsewhere: boolean): Check {
  if (missing.length === 0) return { name: "bucket policy", state: "ok", says: "lets the trail write" };
  const sids = missing.map(({ Sid }) => Sid).join(", ");
  if (elsewhere) {
    return {
      name: "bucket policy",
      state: "note",
      says: `says nothing of CloudTrail (${sids}); this server may ask only whether OpenTrail's own key may put objects`,
    };
  }
  return {
    name: "bucket policy",
    state: "wrong",
    says: `has no statement that does for ${sids}`,
    next: "put the policy below into the bucket",
  };
}

/** The files of member accounts lie in a folder of the organization, whose id only its administrator knows. */
export const ORGANIZATION: Check = {
  name: "organization",
  state: "note",
  says: "files of member accounts need one more statement, AWSCloudTrailOrganizationWrite20150319",
  next: "add it with the folder AWSLogs/o-…/ as its resource",
};

/** An object that stays behind. */
export interface LeftBehind {
  readonly key: string;
  readonly versionId?: string;
  readonly lockedUntil?: Date;
}

/**
 * Puts a small object as whoever asks, looks at its lock, and tries to delete that version, which should be refused: what
 * is possible with this object is possible with the trail's.
 */
export async function tryBucket(
  bucket: BucketCalls,
  key: string,
  time: (at: Date) => string,
): Promise<{ readonly checks: readonly Check[]; readonly left: readonly LeftBehind[] }> {
  let versionId: string | undefined;
  try {
    versionId = await bucket.put(key, "Put by `opentrail doctor` to see whether it can be written and deleted.\n");
  } catch (error) {
    return { checks: [failed("write", error)], left: [] };
  }
  const version = versionId === undefined ? "" : ` (version ${versionId})`;
  const write: Check = { name: "write", state: "ok", says: `put ${key}${version}` };
  const found = await attempt("lock", () => bucket.lockOf(key, versionId));
  const lock = "answer" in found ? found.answer : undefined;
  const locked = "failed" in found ? found.failed : lockCheck(lock, time);
  const gone = await attempt("delete", () => bucket.delete(key, versionId));
  const left = {
    key,
    ...(versionId === undefined ? {} : { versionId }),
    ...(lock === undefined ? {} : { lockedUntil: lock.until }),
  };
  return {
    checks: [write, locked, "failed" in gone ? refusalCheck(gone, lock !== undefined) : NOT_REFUSED],
    left: "failed" in gone ? [left] : [],
  };
}

const LOCK_STEP =
  "aws s3api put-bucket-versioning and put-object-lock-configuration lock what is put from then on; " +
  "for a new bucket: aws s3api create-bucket --object-lock-enabled-for-bucket";

const NOT_REFUSED: Check = {
  name: "delete",
  state: "wrong",
  says: "was NOT refused: whoever may delete objects here can remove log files for good",
  next: LOCK_STEP,
};

/** What the bucket promises for new objects, asked without putting any. */
export function defaultLockCheck(lock: { readonly mode?: string; readonly period?: string } | undefined): Check {
  if (lock?.mode !== undefined) {
    return { name: "default lock", state: "ok", says: `${lock.mode} for ${lock.period}` };
  }
  const says =
    lock === undefined ? "the bucket has no Object Lock" : "Object Lock is on, but new objects get no retention";
  return { name: "default lock", state: "wrong", says, next: LOCK_STEP };
}

function lockCheck(
  lock: { readonly mode: string; readonly until: Date } | undefined,
  time: (at: Date) => string,
): Check {
  if (lock === undefined) return { name: "lock", state: "wrong", says: "the object is not locked", next: LOCK_STEP };
  const weak = lock.mode === "COMPLIANCE" ? "" : "; who may bypass governance can still delete it";
  return { name: "lock", state: "ok", says: `${lock.mode} until ${time(lock.until)}${weak}` };
}

function refusalCheck({ error, failed: check }: Failed, locked: boolean): Check {
  if (!(error instanceof CallError) || error.code !== "AccessDenied") return check;
  const said = error.message.replace(/[.\s]+$/, "");
  return locked
    ? { name: "delete", state: "ok", says: `refused, as it should be: ${said}` }
    : {
        name: "delete",
        state: "note",
        says: `refused (${said}), but by no lock: it is only you who may not`,
        next: "others may: try again as whoever administers the bucket",
      };
}

interface Failed {
  readonly error: unknown;
  readonly failed: Check;
}

/** The answer, or the check that says why there is none. */
export async function attempt<Answer>(
  name: string,
  call: () => Promise<Answer>,
): Promise<{ readonly answer: Answer } | Failed> {
  try {
    return { answer: await call() };
  } catch (error) {
    return { error, failed: failed(name, error) };
  }
}

function failed(name: string, error: unknown): Check {
  if (!(error instanceof CallError)) throw error;
  return { name, state: "wrong", says: describeCallError(error) };
}
