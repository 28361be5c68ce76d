import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { packedBytes, packRecords, unpackRecords } from "./packed-records.ts";
import { checksumOf, loadRow, rowIds, rowRecords, storeRow, type StoredRow } from "./tail-row.ts";
import { testRecords } from "./testing.ts";
import type { JournalRecord } from "./journal.ts";

function stored(records: readonly JournalRecord[]): StoredRow {
  const { idsBytes, recordsBytes } = packedBytes(records);
  const packed = unpackRecords(packRecords([records], records.length, idsBytes, recordsBytes));
  return storeRow({ ...packed, first: 40, leaves: Buffer.alloc(32 * records.length, 7) });
}

describe("loadRow()", () => {
  test.each([
    ["one small record", testRecords(0, 1), 0],
    ["many records, which are compressed", testRecords(0, 100), 1],
    ["bytes that do not compress", [{ eventID: "a", bytes: randomBytes(20_000) }], 0],
    ["records of all sizes, the empty one too", [0, 1, 70_000, 0].map(sized), 1],
    ["eventIDs in other scripts", [{ eventID: "é漢字🙂", bytes: Buffer.from("x") }], 0],
    ["eventIDs of 255 bytes", [{ eventID: "i".repeat(255), bytes: Buffer.from("x") }], 0],
  ] as const)("loadRow() answers what storeRow() was given: %s", (_, records, zipped) => {
    const row = stored(records);
    const loaded = loadRow({ ...row });
    expect(row.zipped).toBe(zipped);
    expect(loaded.first).toBe(40);
    expect(rowRecords(loaded).map((bytes) => Buffer.from(bytes))).toEqual(
      records.map(({ bytes }) => Buffer.from(bytes)),
    );
    expect([...rowIds(loaded.ids)].map((id) => Buffer.from(id, "latin1").toString())).toEqual(
      records.map(({ eventID }) => eventID),
    );
  });

  test.each([1, 100])(
    "loadRow() finds any one flipped bit in a row of %i records, and names the sequences",
    (count) => {
      const row = stored(testRecords(0, count));
      const undetected: string[] = [];
      for (const part of ["ids", "leaves", "lengths", "records"] as const) {
        for (let byte = 0; byte < row[part].length; byte += count === 1 ? 1 : 37) {
          const damaged = Buffer.from(row[part]);
          damaged[byte] = (damaged[byte] as number) ^ (1 << (byte % 8));
          if (!isRefused({ ...row, [part]: damaged }, count)) undetected.push(`${part} ${byte}`);
        }
      }
      for (const part of ["first", "count", "crc", "zipped"] as const) {
        if (!isRefused({ ...row, [part]: row[part] ^ 1 }, count)) undetected.push(part);
      }
      expect(undetected).toEqual([]);
    },
  );

  test.each([
    ["a count of 0", { count: 0 }],
    ["more records than lengths", { count: 4 }],
    ["eventIDs cut short", { ids: Buffer.from([200, 1]) }],
    ["records cut short", { records: Buffer.from("x") }],
  ])("loadRow() refuses a row with a good checksum and %s", (_, part) => {
    const { crc, ...row } = { ...stored(testRecords(0, 3)), ...part };
    const { first, count, zipped, ids, leaves, lengths, records } = row;
    const goodCrc = checksumOf(first, count, zipped, ids, leaves, lengths, records);
    expect(goodCrc).not.toBe(crc);
    expect(() => loadRow({ ...row, crc: goodCrc })).toThrow("are damaged");
  });
});

test("packedBytes() asserts that an eventID has 1 to 255 bytes", () => {
  for (const eventID of ["", "i".repeat(256), "漢".repeat(86)]) {
    expect(() => packedBytes([{ eventID, bytes: Buffer.from("x") }])).toThrow("1 to 255 bytes");
  }
});

function sized(length: number, index: number): JournalRecord {
  return { eventID: `sized-${index}`, bytes: Buffer.alloc(length, "abc") };
}

function isRefused(row: StoredRow, count: number): boolean {
  try {
    loadRow({ ...row });
    return false;
  } catch (cause) {
    // When the place itself is damaged it cannot be named.
    const named = String(cause).includes(`sequences 40 to ${39 + count} are damaged`);
    return named || row.count !== count || row.first !== 40;
  }
}
