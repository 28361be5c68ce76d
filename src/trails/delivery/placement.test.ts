import { describe, expect, test } from "vitest";
import type { AuditRecord } from "../../record/index.ts";
import { placementOf } from "./placement.ts";
import { ACCOUNT, REGION, testTrail } from "./testing.ts";

function placed(members: Readonly<Record<string, unknown>>): unknown {
  const record: unknown = { recipientAccountId: ACCOUNT, awsRegion: REGION, ...members };
  return placementOf(testTrail("a"), () => true)(record as AuditRecord);
}

describe("placementOf()", () => {
  test.each([
    ["the record's own", "eu-west-1", "eu-west-1"],
    ["of a partition of its own", "us-gov-west-1", "us-gov-west-1"],
    ["that of Europe's sovereign cloud", "eusc-de-east-1", "eusc-de-east-1"],
    ["the trail's home for what is no Region of AWS", "xx-nowhere-7", REGION],
    ["the trail's home for one that only looks like AWS's", "us-isoz-northeast-9", REGION],
    ["the trail's home for what would leave its folder", "../../us-east-1", REGION],
    ["the trail's home for what is no text", { toString: "us-east-1" }, REGION],
    ["the trail's home for none", undefined, REGION],
  ])("puts a record into the folder of a Region: %s", (_, awsRegion, region) => {
    expect(placed({ awsRegion })).toEqual({ account: ACCOUNT, region });
  });

  test("takes the trail's home as it is, also where it is none of AWS's", () => {
    const trail = { ...testTrail("a"), homeRegion: "garage" };
    const record = { recipientAccountId: ACCOUNT, awsRegion: "garage" } as AuditRecord;
    expect(placementOf(trail, () => true)(record)).toEqual({ account: ACCOUNT, region: "garage" });
  });

  test.each([
    ["none", undefined],
    ["no number", "../123456789"],
    ["too short", "12345678901"],
    ["no text", 123456789012],
  ])("has no place for a record whose account is %s", (_, recipientAccountId) =>
    expect(placed({ recipientAccountId })).toBeUndefined(),
  );

  test("has no place for what the trail does not want", () => {
    const record = { recipientAccountId: ACCOUNT, awsRegion: REGION } as AuditRecord;
    expect(placementOf(testTrail("a"), () => false)(record)).toBeUndefined();
  });
});
