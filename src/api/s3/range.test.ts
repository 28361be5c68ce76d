import { describe, expect, test } from "vitest";
import { Refusal } from "../../core/index.ts";
import { parseRange, partRange } from "./range.ts";

function refused(work: () => unknown): unknown {
  try {
    return work();
  } catch (thrown) {
    return thrown instanceof Refusal ? [thrown.code, thrown.status] : thrown;
  }
}

describe("parseRange()", () => {
  test.each<[header: string | undefined, size: number, range: unknown]>([
    [undefined, 10, undefined],
    ["bytes=0-0", 10, { start: 0, end: 0 }],
    ["bytes=2-5", 10, { start: 2, end: 5 }],
    ["bytes=2-", 10, { start: 2, end: 9 }],
    ["bytes=2-100", 10, { start: 2, end: 9 }],
    ["bytes=-3", 10, { start: 7, end: 9 }],
    ["bytes=-30", 10, { start: 0, end: 9 }],
    ["BYTES = 1-2", 10, { start: 1, end: 2 }],
    ["bytes=5-2", 10, undefined],
    ["bytes=0-1,3-4", 10, undefined],
    ["bytes=-", 10, undefined],
    ["items=0-1", 10, undefined],
    ["bytes=10-", 10, ["InvalidRange", 416]],
    ["bytes=-0", 10, ["InvalidRange", 416]],
    ["bytes=0-", 0, ["InvalidRange", 416]],
    ["bytes=-1", 0, ["InvalidRange", 416]],
  ])("%s of %i bytes", (header, size, range) => {
    expect(refused(() => parseRange(header, size))).toEqual(range);
  });
});

describe("partRange()", () => {
  test.each<[part: number, size: number, parts: readonly number[] | undefined, range: unknown]>([
    [1, 15, [5, 5, 5], { start: 0, end: 4 }],
    [3, 11, [5, 5, 1], { start: 10, end: 10 }],
    [4, 11, [5, 5, 1], ["InvalidPartNumber", 416]],
    [0, 11, [5, 5, 1], ["InvalidPartNumber", 416]],
    [1, 11, undefined, { start: 0, end: 10 }],
    [2, 11, undefined, ["InvalidPartNumber", 416]],
  ])("part %i of %i bytes in %o", (part, size, parts, range) => {
    expect(refused(() => partRange(part, size, parts))).toEqual(range);
  });
});
