import { describe, expect, test } from "vitest";
import { Refusal } from "../core/index.ts";
import type { Bucket, DefaultRetention, ObjectLock } from "./buckets.ts";
import {
  checkBypass,
  checkDefaultRetention,
  checkRemoval,
  checkRetention,
  isLocked,
  lockOfNewVersion,
} from "./lock.ts";

const NOW = Date.UTC(2028, 1, 29, 12);
const DAY = 86_400_000;
const PROTECTED = "AccessDenied 403 Access Denied because object protected by object lock.";

const governance = (days: number): ObjectLock => ({ retention: { mode: "GOVERNANCE", until: NOW + days * DAY } });
const compliance = (days: number): ObjectLock => ({ retention: { mode: "COMPLIANCE", until: NOW + days * DAY } });
const held = (lock: ObjectLock): ObjectLock => ({ ...lock, legalHold: true });

const bucket: Bucket = {
  name: "logs",
  account: "123456789012",
  region: "eu-west-1",
  createdAt: 0,
  versioning: "Enabled",
  objectLock: true,
};

/** `allowed`, or what was refused. */
function verdict(work: () => unknown): string {
  try {
    work();
    return "allowed";
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    return `${cause.code} ${cause.status} ${cause.message}`;
  }
}

describe("checkRemoval()", () => {
  test.each([
    ["nothing", {}, "allowed", "allowed"],
    ["GOVERNANCE", governance(1), PROTECTED, "allowed"],
    ["GOVERNANCE that has run out", governance(0), "allowed", "allowed"],
    ["COMPLIANCE", compliance(1), PROTECTED, PROTECTED],
    ["COMPLIANCE that has run out", compliance(-1), "allowed", "allowed"],
    ["a legal hold", held({}), PROTECTED, PROTECTED],
    ["a legal hold after the retention", held(compliance(-1)), PROTECTED, PROTECTED],
    ["a legal hold besides GOVERNANCE", held(governance(1)), PROTECTED, PROTECTED],
    ["a legal hold that was taken off", { legalHold: false }, "allowed", "allowed"],
  ])("under %s", (_, lock, plain, bypassing) => {
    expect(verdict(() => checkRemoval(lock, NOW, false))).toBe(plain);
    expect(verdict(() => checkRemoval(lock, NOW, true))).toBe(bypassing);
    expect(isLocked(lock, NOW)).toBe(plain !== "allowed");
  });
});

describe("checkRetention()", () => {
  const PAST = "InvalidArgument 400 The retain until date must be in the future!";
  test.each([
    ["none to GOVERNANCE", {}, governance(1), "allowed", "allowed"],
    ["none to none", {}, {}, "allowed", "allowed"],
    ["GOVERNANCE to longer", governance(1), governance(2), "allowed", "allowed"],
    ["GOVERNANCE to the same", governance(1), governance(1), "allowed", "allowed"],
    ["GOVERNANCE to shorter", governance(2), governance(1), PROTECTED, "allowed"],
    ["GOVERNANCE to none", governance(1), {}, PROTECTED, "allowed"],
    ["GOVERNANCE to COMPLIANCE", governance(1), compliance(1), "allowed", "allowed"],
    ["GOVERNANCE to shorter COMPLIANCE", governance(2), compliance(1), PROTECTED, "allowed"],
    ["GOVERNANCE that has run out to none", governance(-1), {}, "allowed", "allowed"],
    ["COMPLIANCE to longer", compliance(1), compliance(2), "allowed", "allowed"],
    ["COMPLIANCE to shorter", compliance(2), compliance(1), PROTECTED, PROTECTED],
    ["COMPLIANCE to none", compliance(1), {}, PROTECTED, PROTECTED],
    ["COMPLIANCE to GOVERNANCE", compliance(1), governance(9), PROTECTED, PROTECTED],
    ["COMPLIANCE that has run out to GOVERNANCE", compliance(-1), governance(1), "allowed", "allowed"],
    ["a date that has passed", {}, governance(0), PAST, PAST],
    ["a legal hold to GOVERNANCE", held({}), governance(1), "allowed", "allowed"],
  ])("from %s", (_, lock, next, plain, bypassing) => {
    expect(verdict(() => checkRetention(lock, next.retention, NOW, false))).toBe(plain);
    expect(verdict(() => checkRetention(lock, next.retention, NOW, true))).toBe(bypassing);
  });
});

describe("lockOfNewVersion()", () => {
  const days: DefaultRetention = { mode: "COMPLIANCE", period: { days: 3 } };
  const years: DefaultRetention = { mode: "GOVERNANCE", period: { years: 1 } };

  test.each([
    ["nothing", bucket, undefined, {}],
    ["the bucket's days", { ...bucket, defaultRetention: days }, undefined, compliance(3)],
    [
      "the bucket's years, which end on a day that there is",
      { ...bucket, defaultRetention: years },
      undefined,
      { retention: { mode: "GOVERNANCE", until: Date.UTC(2029, 2, 1, 12) } },
    ],
    ["its own", { ...bucket, defaultRetention: days }, governance(1), governance(1)],
    ["its own hold and the bucket's days", { ...bucket, defaultRetention: days }, held({}), held(compliance(3))],
  ])("is %s", (_, where, own, expected) => {
    expect(lockOfNewVersion(where, own, NOW)).toEqual(expected);
  });

  test.each([
    ["any in a bucket without Object Lock", { ...bucket, objectLock: false }, held({}), "InvalidRequest"],
    ["a date that has passed", bucket, governance(-1), "InvalidArgument"],
  ])("refuses %s", (_, where, own, code) => {
    expect(() => lockOfNewVersion(where, own, NOW)).toThrow(expect.objectContaining({ code, status: 400 }));
  });
});

describe("checkBypass()", () => {
  test("refuses to be asked in a bucket without Object Lock, even for nothing", () => {
    const plain = { ...bucket, objectLock: false };
    expect(verdict(() => checkBypass(plain, undefined))).toBe("allowed");
    expect(verdict(() => checkBypass(bucket, false))).toBe("allowed");
    expect(verdict(() => checkBypass(plain, false))).toBe(
      "InvalidArgument 400 x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.",
    );
  });
});

describe("checkDefaultRetention()", () => {
  test.each([
    [{ days: 1 }, "allowed"],
    [{ days: 36_500 }, "allowed"],
    [{ years: 100 }, "allowed"],
    [{ days: 0 }, "InvalidArgument 400 Default retention period must be a positive integer value."],
    [{ years: 1.5 }, "InvalidArgument 400 Default retention period must be a positive integer value."],
    [{ days: 36_501 }, "InvalidArgument 400 Default retention period too large."],
    [{ years: 101 }, "InvalidArgument 400 Default retention period too large."],
  ])("judges %o", (period, expected) => {
    expect(verdict(() => checkDefaultRetention({ mode: "GOVERNANCE", period }))).toBe(expected);
  });
});
