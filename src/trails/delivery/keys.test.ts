import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { systemRandom } from "../../core/index.ts";
import { logFileKey, manifestKey, rootOf, rootOfKey, stampAt } from "./keys.ts";

const SHARD = { account: "123456789012", region: "us-east-1" };

describe("logFileKey()", () => {
  test.each([
    ["nothing more", undefined, undefined, "AWSLogs/123456789012"],
    ["a prefix", "audit/all", undefined, "audit/all/AWSLogs/123456789012"],
    ["an organization", undefined, "o-exampleorgid", "AWSLogs/o-exampleorgid/123456789012"],
    ["both", "audit", "o-exampleorgid", "audit/AWSLogs/o-exampleorgid/123456789012"],
  ])("follows AWS's layout with %s", (_, prefix, organizationId, root) => {
    const found = rootOf(prefix, organizationId, SHARD.account);
    expect(found).toBe(root);
    const stampMs = Date.parse("2026-11-20T17:05:00Z");
    const key = logFileKey(found, { ...SHARD, stampMs, number: 1 }, systemRandom);
    const folder = `${root}/CloudTrail/us-east-1/2026/11/20/`;
    expect(key.slice(0, folder.length)).toBe(folder);
    expect(key.slice(folder.length)).toMatch(
      /^123456789012_CloudTrail_us-east-1_20261120T1705Z_00000001[A-Za-z0-9]{8}\.json\.gz$/,
    );
    expect(rootOfKey(key)).toBe(root);
  });

  test("sorts by stamp and then by number, as bytes", () => {
    const place = fc.record({ stampMs: fc.nat(4e12).map(stampAt), number: fc.nat(1e14) });
    fc.assert(
      fc.property(place, place, (left, right) => {
        const [before, after] =
          left.stampMs < right.stampMs || (left.stampMs === right.stampMs && left.number < right.number)
            ? [left, right]
            : [right, left];
        fc.pre(left.stampMs !== right.stampMs || left.number !== right.number);
        const keyOf = (file: typeof left): Buffer =>
          Buffer.from(logFileKey("AWSLogs/1", { ...SHARD, ...file }, systemRandom));
        expect(Buffer.compare(keyOf(before), keyOf(after))).toBe(-1);
      }),
    );
  });
});

describe("manifestKey()", () => {
  test("names the hour and the trail", () => {
    const hourMs = Date.parse("2026-11-20T17:00:00Z");
    expect(manifestKey("p/AWSLogs/123456789012", { ...SHARD, trail: "all", hourMs })).toBe(
      "p/AWSLogs/123456789012/CloudTrail-Manifest/us-east-1/2026/11/20/123456789012_CloudTrail-Manifest_us-east-1_all_20261120T17Z.json",
    );
  });
});
