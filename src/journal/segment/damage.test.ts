import { describe, expect, test } from "vitest";
import { Failure } from "../../core/index.ts";
import { buildSegment, leafHash, openSegment, SegmentCache } from "./index.ts";
import { decodeFooter, locateFooter, PAGE_BYTES, type SectionName, SECTIONS, TRAILER_BYTES } from "./segment-format.ts";
import { memoryObjects, segmentInput } from "./testing.ts";

const records = Array.from({ length: 900 }, (_, index) =>
  Buffer.from(
    JSON.stringify({
      eventTime: new Date(1_790_000_000_000 + index * 1000).toISOString(),
      eventName: `Name${index % 9}`,
      eventID: `event-${index}`,
      awsRegion: "r",
      recipientAccountId: "1",
      requestParameters: { text: Buffer.alloc(900, `${index * 7919}`).toString("hex") },
    }),
  ),
);
const input = segmentInput(0, records);
const file = buildSegment(input);
const trailer = file.subarray(-TRAILER_BYTES);
const place = locateFooter("s", trailer, file.length);
const footer = decodeFooter("s", file.subarray(place.offset, place.offset + place.length), trailer);

/** Opens and reads everything, as the strictest reader would. */
async function readAll(bytes: Uint8Array): Promise<void> {
  const segment = await openSegment(memoryObjects({ "2026/s": bytes }), "2026/s", new SegmentCache(1 << 20));
  await segment.verify();
}

const flipped = (offset: number, bit = 0): Uint8Array => {
  const bytes = Uint8Array.from(file);
  bytes[offset] = (bytes[offset] as number) ^ (1 << bit);
  return bytes;
};

describe("a damaged segment", () => {
  test("verify() finds nothing wrong with an undamaged file that has a dictionary", async () => {
    expect(footer.sections.dictionary.length).toBeGreaterThan(0);
    await readAll(file);
  });

  const boundaries = Object.entries(footer.sections).flatMap(([name, { offset, length }]) => [
    [`where ${name} begins`, offset],
    [`inside ${name}`, offset + (length >> 1)],
    [`where ${name} ends`, offset + length],
  ]);
  test.each<readonly [string, number]>([
    ...(boundaries as [string, number][]),
    ["before the footer", place.offset],
    ["inside the footer", place.offset + 20],
    ["before the trailer", file.length - TRAILER_BYTES],
    ["one byte before its end", file.length - 1],
    ["to nothing", 0],
  ])("openSegment() refuses and names a file cut off %s", async (_, length) => {
    await expect(readAll(file.subarray(0, length))).rejects.toThrow(/^segment 2026\/s is damaged: trailer/);
  });

  test.each(SECTIONS.map((name) => [name]))("verify() names a flipped bit in section %s", async (name) => {
    const { offset, length } = footer.sections[name];
    for (const at of [offset, offset + (length >> 1), offset + length - 1]) {
      await expect(readAll(flipped(at, at % 8))).rejects.toThrow(`segment 2026/s is damaged: ${name}`);
    }
  });

  test("verify() or openSegment() finds a flipped bit anywhere in the file, padding and footer included", async () => {
    const step = 977;
    for (let at = 0; at < file.length; at += step) {
      await expect(readAll(flipped(at, at % 8)), `offset ${at}`).rejects.toThrow(/^segment 2026\/s is damaged: /);
    }
    for (let at = place.offset; at < file.length; at++) {
      await expect(readAll(flipped(at, at % 8)), `offset ${at}`).rejects.toThrow(/^segment 2026\/s is damaged: /);
    }
    const padding = Object.values(footer.sections)
      .map(({ offset, length }) => offset + length)
      .filter((at) => at < footer.sections.checksums.offset && at % PAGE_BYTES !== 0);
    expect(padding.length).toBeGreaterThan(5);
    for (const at of padding) await expect(readAll(flipped(at))).rejects.toThrow(Failure);
  });

  test.each<readonly [SectionName, (bytes: Uint8Array) => Promise<unknown>]>([
    ["blocks", async (bytes) => (await open(bytes)).readRange(0, 900)],
    ["dictionary", async (bytes) => (await open(bytes)).readRange(0, 1)],
    ["leaves", async (bytes) => (await open(bytes)).leaf(450)],
    ["terms", (bytes) => lookUpAll(bytes)],
    ["postings", (bytes) => lookUpAll(bytes)],
    ["order", (bytes) => lookUpAll(bytes)],
  ])("readRange(), leaf() and lookup() answer nothing from a damaged page of %s", async (section, attempt) => {
    const { offset, length } = footer.sections[section];
    const bytes = flipped(offset + (length >> 1));
    await expect(attempt(bytes)).rejects.toThrow(`segment s is damaged: ${section}`);
  });

  test("verify() finds a record that does not belong to its leaf", async () => {
    const leaves = Uint8Array.from(input.leaves);
    leaves.set(leafHash(input.salt, 3, Buffer.from("{}")), 3 * 32);
    await expect(readAll(buildSegment({ ...input, leaves }))).rejects.toThrow("segment 2026/s is damaged: leaves");
  });

  const open = (bytes: Uint8Array) => openSegment(memoryObjects({ s: bytes }), "s");
  const lookUpAll = async (bytes: Uint8Array): Promise<void> => {
    const segment = await open(bytes);
    const base = { scope: "1|r|management", sinceMs: 0, untilMs: Infinity };
    await Array.fromAsync(segment.lookup({ ...base, attributes: [] }));
    for (let name = 0; name < 9; name++) {
      await Array.fromAsync(segment.lookup({ ...base, attributes: [["EventName", `Name${name}`]] }));
    }
    for (let index = 0; index < 900; index++) {
      await Array.fromAsync(segment.lookup({ ...base, attributes: [["EventId", `event-${index}`]] }));
    }
  };
});
