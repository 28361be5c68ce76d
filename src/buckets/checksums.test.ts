import { describe, expect, test } from "vitest";
import type { ChecksumAlgorithm } from "./buckets.ts";
import { beginChecksum, compositeChecksum, isChecksum } from "./checksums.ts";

/** Of the nine digits `123456789`: the check values that catalogues of CRCs give, and the hashes of `sha1sum`, `sha256sum`. */
const OF_NINE_DIGITS: readonly (readonly [ChecksumAlgorithm, hex: string])[] = [
  ["CRC32", "cbf43926"],
  ["CRC32C", "e3069283"],
  ["CRC64NVME", "ae8b14860a799888"],
  ["SHA1", "f7c3bc1d808e04732adf679965ccc34ca7ae3441"],
  ["SHA256", "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"],
];

describe("beginChecksum()", () => {
  test.each(OF_NINE_DIGITS)("computes %s in pieces", async (algorithm, hex) => {
    const running = beginChecksum(algorithm);
    running.update(Buffer.from("1234"));
    running.update(Buffer.from("56789"));
    const value = Buffer.from(await running.digest());
    expect(value.toString("hex")).toBe(hex);
    expect(isChecksum(algorithm, value.toString("base64"))).toBe(true);
    expect(isChecksum(algorithm, value.subarray(1).toString("base64"))).toBe(false);
    expect(isChecksum(algorithm, value.toString("base64").replace(/.$/, " "))).toBe(false);
  });
});

describe("compositeChecksum()", () => {
  test("is the checksum of the parts' checksums, with their number", async () => {
    const part = Buffer.from("cbf43926", "hex").toString("base64");
    const running = beginChecksum("CRC32");
    running.update(Buffer.from("cbf43926cbf43926", "hex"));
    const expected = Buffer.from(await running.digest()).toString("base64");
    expect(await compositeChecksum("CRC32", [part, part])).toBe(`${expected}-2`);
  });
});
