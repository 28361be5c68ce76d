import fc from "fast-check";
import { expect, test } from "vitest";
import { LeafHasher } from "./leaf-hasher.ts";
import { leafHash } from "./segment/index.ts";

test("write() gives the leaf that leafHash() defines, for any salt, sequence and record", () => {
  const salts = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const sequences = fc.oneof(fc.nat(), fc.integer({ min: 2 ** 32 - 2, max: Number.MAX_SAFE_INTEGER }));
  const records = fc.array(fc.tuple(sequences, fc.uint8Array({ maxLength: 200, size: "max" })), { minLength: 1 });
  fc.assert(
    fc.property(salts, records, (salt, list) => {
      const hasher = new LeafHasher(salt);
      const leaves = Buffer.alloc(32 * list.length);
      for (const [index, [sequence, record]] of list.entries()) hasher.write(sequence, record, leaves, index * 32);
      expect(leaves).toEqual(Buffer.concat(list.map(([sequence, record]) => leafHash(salt, sequence, record))));
    }),
  );
});

test("write() gives the leaf of a record that is larger than any before", () => {
  const hasher = new LeafHasher(new Uint8Array(32));
  const leaf = Buffer.alloc(32);
  for (const length of [10, 4064, 4065, 100_000, 20]) {
    const record = Buffer.alloc(length, length % 251);
    hasher.write(7, record, leaf, 0);
    expect(leaf).toEqual(leafHash(new Uint8Array(32), 7, record));
  }
});
