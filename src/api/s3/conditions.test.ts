import { describe, expect, test } from "vitest";
import type { ObjectVersion } from "../../buckets/index.ts";
import { judge, type ReadConditions } from "./conditions.ts";

const modified = Date.UTC(2026, 0, 1, 12, 0, 0, 750);
const version = { etag: '"abc"', lastModified: modified } as ObjectVersion;
const before = new Date(Date.UTC(2026, 0, 1, 11));
const same = new Date(Date.UTC(2026, 0, 1, 12));
const after = new Date(Date.UTC(2026, 0, 1, 13));

describe("judge()", () => {
  test.each<[conditions: ReadConditions, verdict: string]>([
    [{}, "met"],
    [{ IfMatch: '"abc"' }, "met"],
    [{ IfMatch: "abc" }, "met"],
    [{ IfMatch: '"x", "abc"' }, "met"],
    [{ IfMatch: "*" }, "met"],
    [{ IfMatch: '"x"' }, "failed If-Match"],
    [{ IfUnmodifiedSince: after }, "met"],
    [{ IfUnmodifiedSince: same }, "met"],
    [{ IfUnmodifiedSince: before }, "failed If-Unmodified-Since"],
    [{ IfMatch: '"abc"', IfUnmodifiedSince: before }, "met"],
    [{ IfMatch: '"x"', IfUnmodifiedSince: after }, "failed If-Match"],
    [{ IfNoneMatch: '"x"' }, "met"],
    [{ IfNoneMatch: '"abc"' }, "not modified"],
    [{ IfNoneMatch: 'W/"abc"' }, "not modified"],
    [{ IfNoneMatch: "*" }, "not modified"],
    [{ IfModifiedSince: before }, "met"],
    [{ IfModifiedSince: same }, "not modified"],
    [{ IfModifiedSince: after }, "not modified"],
    [{ IfNoneMatch: '"x"', IfModifiedSince: after }, "met"],
    [{ IfNoneMatch: '"abc"', IfModifiedSince: before }, "not modified"],
    [{ IfMatch: '"x"', IfNoneMatch: '"abc"' }, "failed If-Match"],
    [{ IfMatch: '"abc"', IfNoneMatch: '"abc"' }, "not modified"],
  ])("%o of an object with the ETag abc, of noon: %s", (conditions, verdict) => {
    const judged = judge(conditions, version);
    expect(judged.kind === "failed" ? `failed ${judged.condition}` : judged.kind).toBe(verdict);
  });
});
