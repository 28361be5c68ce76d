import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DigestName, digestFolder, digestKey, parseDigestKey } from "./digest-key.ts";

const PLAIN: DigestName = {
  account: "123456789012",
  region: "us-east-1",
  trailName: "example-trail",
  homeRegion: "us-east-1",
  endMs: Date.UTC(2025, 2, 1, 11, 1, 31),
  backfill: false,
};
const PLAIN_KEY =
  "AWSLogs/123456789012/CloudTrail-Digest/us-east-1/2025/03/01/123456789012_CloudTrail-Digest_us-east-1_example-trail_us-east-1_20250301T110131Z.json.gz";

describe("digestKey()", () => {
  test.each<[string, DigestName, string]>([
    ["a trail of one account", PLAIN, PLAIN_KEY],
    ["a backfill digest", { ...PLAIN, backfill: true }, PLAIN_KEY.replace(".json", "_backfill.json")],
    ["a prefix", { ...PLAIN, prefix: "audit/logs" }, `audit/logs/${PLAIN_KEY}`],
    ["an empty prefix", { ...PLAIN, prefix: "" }, PLAIN_KEY],
    [
      "a member of an organization",
      { ...PLAIN, prefix: "p", organizationId: "o-exampleorgid" },
      `p/${PLAIN_KEY.replace("AWSLogs/", "AWSLogs/o-exampleorgid/")}`,
    ],
    [
      "another Region than the trail's",
      { ...PLAIN, region: "eu-west-3" },
      PLAIN_KEY.replace("-Digest/us-east-1", "-Digest/eu-west-3").replace("-Digest_us-east-1", "-Digest_eu-west-3"),
    ],
  ])("names the digest of %s", (_, name, key) => {
    expect(digestKey(name)).toBe(key);
    expect(key.startsWith(digestFolder(name))).toBe(true);
  });
});

describe("parseDigestKey()", () => {
  const region = fc.constantFrom("us-east-1", "eu-central-1", "us-gov-west-1");
  const name = fc.record(
    {
      prefix: fc.constantFrom("p", "a/b", "AWSLogs", "o-x/AWSLogs/o-x", "é ü"),
      organizationId: fc.constant("o-exampleorgid"),
      account: fc.stringMatching(/^[0-9]{12}$/),
      region,
      trailName: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{1,20}[A-Za-z0-9]$/),
      homeRegion: region,
      endMs: fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => seconds * 1000),
      backfill: fc.boolean(),
    },
    { requiredKeys: ["account", "region", "trailName", "homeRegion", "endMs", "backfill"] },
  );

  test("reads back what digestKey() wrote", () => {
    fc.assert(
      fc.property(name, (one) => {
        expect(parseDigestKey(digestKey(one))).toEqual(one);
      }),
    );
  });

  test.each([
    ["a log file", PLAIN_KEY.replaceAll("CloudTrail-Digest", "CloudTrail")],
    ["another day's folder", PLAIN_KEY.replace("2025/03/01", "2025/03/02")],
    ["a day that is none", PLAIN_KEY.replace("2025/03/01", "2025/02/30").replace("20250301", "20250230")],
    ["another account's folder", PLAIN_KEY.replace("AWSLogs/1", "AWSLogs/2")],
    ["another Region's folder", PLAIN_KEY.replace("-Digest/us", "-Digest/eu")],
    ["something behind it", `${PLAIN_KEY}.bak`],
    ["a copy in a folder of its own", PLAIN_KEY.replace("AWSLogs", "copies")],
    ["nothing", ""],
  ])("refuses the key of %s", (_, key) => expect(parseDigestKey(key)).toBeUndefined());
});
