import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AuditRecord, encodeRecord, RECORD_LIMITS } from "./index.ts";

const BASE: AuditRecord = {
  eventID: "3a5f1e9c-0000-4000-8000-000000000001",
  eventVersion: "1.11",
  userIdentity: { type: "Root" },
  eventTime: "2026-11-20T10:00:00Z",
  eventSource: "iam.amazonaws.com",
  eventName: "CreateUser",
  awsRegion: "us-east-1",
  sourceIPAddress: "192.0.2.7",
  requestParameters: null,
  responseElements: null,
  eventType: "AwsApiCall",
  eventCategory: "Management",
};

function decode(bytes: Uint8Array): Record<string, unknown> {
  return JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>;
}

describe("encodeRecord()", () => {
  test("writes members in CloudTrail's order whatever order they came in", () => {
    const keys = Object.keys(decode(encodeRecord(BASE).bytes));
    expect(keys.slice(0, 3)).toEqual(["eventVersion", "userIdentity", "eventTime"]);
    expect(keys.indexOf("responseElements")).toBeLessThan(keys.indexOf("eventID"));
  });

  test("keeps requestParameters and responseElements as null and leaves other absent members out", () => {
    const record = decode(encodeRecord(BASE).bytes);
    expect(record["requestParameters"]).toBeNull();
    expect("userAgent" in record).toBe(false);
  });

  test("cuts text over 1 KB at a whole character and names what was cut by hash and size", () => {
    const userAgent = "é".repeat(600);
    const { bytes, oversize } = encodeRecord({ ...BASE, userAgent });
    const record = decode(bytes);
    expect(record["userAgent"]).toBe("é".repeat(512));
    expect(record["additionalEventData"]).toEqual({
      truncatedFields: [{ field: "userAgent", originalSize: 1200, sha256: oversize[0]?.sha256 }],
    });
    expect(Buffer.from(oversize[0]?.bytes ?? []).toString()).toBe(userAgent);
  });

  test.each(Object.entries(RECORD_LIMITS.members))(
    "replaces %s over %d bytes and keeps the whole value",
    (member, limit) => {
      const value = { text: "x".repeat(limit) };
      const { bytes, oversize } = encodeRecord({ ...BASE, [member]: value });
      const kept = Buffer.from(oversize[0]?.bytes ?? []);
      expect(JSON.parse(kept.toString())).toEqual(value);
      expect(decode(bytes)[member]).toEqual({
        omitted: true,
        originalSize: kept.length,
        reason: `${member} too large`,
        sha256: createHash("sha256").update(kept).digest("hex"),
      });
    },
  );

  test("keeps a member that is exactly at its limit", () => {
    const requestParameters = "x".repeat(RECORD_LIMITS.members.requestParameters - 2);
    expect(decode(encodeRecord({ ...BASE, requestParameters }).bytes)["requestParameters"]).toBe(requestParameters);
  });

  test("never writes more than a record may have, and loses nothing", () => {
    fc.assert(
      fc.property(fc.nat(150_000), fc.nat(150_000), fc.nat(40_000), fc.nat(3_000), (a, b, c, resources) => {
        const whole = {
          ...BASE,
          requestParameters: { a: "a".repeat(a) },
          responseElements: { b: "b".repeat(b) },
          additionalEventData: { c: "c".repeat(c) },
          resources: Array.from({ length: resources }, (_, i) => ({ ARN: `arn:aws:s3:::${"r".repeat(100)}${i}` })),
        };
        const { bytes, oversize } = encodeRecord(whole);
        expect(bytes.length).toBeLessThanOrEqual(RECORD_LIMITS.record);
        const everything = Buffer.concat([bytes, ...oversize.map((value) => value.bytes)]).toString();
        for (const member of ["requestParameters", "responseElements", "additionalEventData"] as const) {
          expect(everything).toContain(JSON.stringify(whole[member]));
        }
      }),
      { numRuns: 40 },
    );
  });

  test("survives hostile text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 3000 }), (userAgent) => {
        const record = decode(encodeRecord({ ...BASE, userAgent }).bytes);
        expect(typeof record["userAgent"]).toBe("string");
      }),
    );
  });
});
