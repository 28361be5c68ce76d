import { Refusal } from "../core/index.ts";
import type { Bucket, DefaultRetention, LockMode, ObjectLock } from "./buckets.ts";

/**
 * Object Lock's rules. A version is locked while its retention has not run out, or while it is on legal hold.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
 */

const DAY_MS = 86_400_000;
const YEARS_MAX = 100;

export interface Retention {
  readonly mode: LockMode;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/**
 * The lock that a new version gets: its own, else what the bucket says, counted from `now`.
 * @throws {Refusal} `InvalidRequest` when the bucket has no Object Lock, `InvalidArgument` when the date has passed.
 */
export function lockOfNewVersion(bucket: Bucket, own: ObjectLock | undefined, now: number): ObjectLock {
  if (own?.retention !== undefined || own?.legalHold !== undefined) needLock(bucket);
  if (own?.retention !== undefined) needFuture(own.retention, now);
  if (own?.retention !== undefined || bucket.defaultRetention === undefined) return own ?? {};
  return { ...own, retention: defaultFrom(bucket.defaultRetention, now) };
}

/**
 * May the version go for good?
 * @throws {Refusal} `AccessDenied`.
 */
export function checkRemoval(lock: ObjectLock, now: number, bypassGovernance: boolean): void {
  const retained = retention(lock, now);
  const held = retained !== undefined && !(retained.mode === "GOVERNANCE" && bypassGovernance);
  if (held || lock.legalHold === true) throw isProtected();
}

/**
 * May the version's retention become `next`?
 * @throws {Refusal} `AccessDenied` when that protects it less, `InvalidArgument` when the date has passed.
 */
export function checkRetention(
  lock: ObjectLock,
  next: Retention | undefined,
  now: number,
  bypassGovernance: boolean,
): void {
  if (next !== undefined) needFuture(next, now);
  const current = retention(lock, now);
  if (current === undefined || (current.mode === "GOVERNANCE" && bypassGovernance)) return;
  const weaker =
    next === undefined || next.until < current.until || (current.mode === "COMPLIANCE" && next.mode === "GOVERNANCE");
  if (weaker) throw isProtected();
}

/** Does anything protect the version now? */
export function isLocked(lock: ObjectLock, now: number): boolean {
  return lock.legalHold === true || retention(lock, now) !== undefined;
}

/** @throws {Refusal} `InvalidRequest`. */
export function needLock(bucket: Bucket): void {
  if (!bucket.objectLock) throw new Refusal("InvalidRequest", "Bucket is missing Object Lock Configuration", 400);
}

/**
 * The header that asks to pass GOVERNANCE means something in buckets with Object Lock only, whatever its value.
 * @throws {Refusal} `InvalidArgument`.
 */
export function checkBypass(bucket: Bucket, bypassGovernance: boolean | undefined): void {
  if (bypassGovernance === undefined || bucket.objectLock) return;
  const ArgumentName = "x-amz-bypass-governance-retention";
  throw new Refusal("InvalidArgument", `${ArgumentName} is only applicable to Object Lock enabled buckets.`, 400, {
    ArgumentName,
  });
}

/** @throws {Refusal} `InvalidArgument` unless it is at least a day and at most a hundred years. */
export function checkDefaultRetention(retention: DefaultRetention): void {
  const { period } = retention;
  const [amount, max] = "days" in period ? [period.days, YEARS_MAX * 365] : [period.years, YEARS_MAX];
  if (!Number.isInteger(amount) || amount < 1) {
    throw new Refusal("InvalidArgument", "Default retention period must be a positive integer value.", 400);
  }
  if (amount > max) throw new Refusal("InvalidArgument", "Default retention period too large.", 400);
}

function defaultFrom(retention: DefaultRetention, now: number): Retention {
  const { mode, period } = retention;
  if ("days" in period) return { mode, until: now + period.days * DAY_MS };
  const until = new Date(now);
  return { mode, until: until.setUTCFullYear(until.getUTCFullYear() + period.years) };
}

/** The retention, unless it has run out. */
function retention(lock: ObjectLock, now: number): Retention | undefined {
  return lock.retention !== undefined && lock.retention.until > now ? lock.retention : undefined;
}

function needFuture(retention: Retention, now: number): void {
  if (retention.until > now) return;
  throw new Refusal("InvalidArgument", "The retain until date must be in the future!", 400, {
    ArgumentName: "RetainUntilDate",
    ArgumentValue: new Date(retention.until).toISOString(),
  });
}

function isProtected(): Refusal {
  return new Refusal("AccessDenied", "Access Denied because object protected by object lock.", 403);
}
