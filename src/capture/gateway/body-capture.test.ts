import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BodyCapture } from "./body-capture.ts";

describe("BodyCapture", () => {
  test("keeps the beginning, counts all, and names what it could not keep by its hash", () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 });
    fc.assert(
      fc.property(pieces, fc.nat(200), fc.boolean(), fc.boolean(), (chunks, keepMax, hash, ended) => {
        const all = Buffer.concat(chunks);
        const capture = new BodyCapture(keepMax, hash);
        for (const chunk of chunks) capture.add(chunk);
        expect(capture.size).toBe(all.length);
        const { bytes, size, whole, sha256 } = capture.result(ended);
        expect(Buffer.from(bytes).equals(all.subarray(0, keepMax))).toBe(true);
        expect(size).toBe(all.length);
        expect(whole).toBe(ended && all.length <= keepMax);
        const named = hash && ended && !whole;
        expect(sha256).toBe(named ? createHash("sha256").update(all).digest("hex") : undefined);
      }),
    );
  });

  test("takes no notice of what passes after it was asked", () => {
    const capture = new BodyCapture(1, true);
    capture.add(Buffer.from("ab"));
    expect(capture.result(true)).toMatchObject({ size: 2, whole: false });
    capture.add(Buffer.from("cd"));
    expect(capture.size).toBe(2);
  });
});
