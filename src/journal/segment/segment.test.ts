import { describe, expect, test } from "vitest";
import { Failure } from "../../core/index.ts";
import { buildSegment, openSegment } from "./index.ts";
import { memoryObjects, segmentInput } from "./testing.ts";

const text = (value: string): Uint8Array => Buffer.from(value);
const record = (index: number): Uint8Array =>
  text(
    JSON.stringify({
      eventTime: new Date(1_700_000_000_000 + ((index * 7919) % 997) * 1000).toISOString(),
      eventSource: "iam.amazonaws.com",
      eventName: index % 3 === 0 ? "CreateUser" : "ListUsers",
      awsRegion: "us-east-1",
      eventID: `event-${index}`,
      recipientAccountId: "123456789012",
    }),
  );
const records = Array.from({ length: 150 }, (_, index) => (index === 77 ? text("not json") : record(index)));
const file = buildSegment(segmentInput(4000, records));

describe("buildSegment()", () => {
  test("buildSegment() gives the same bytes for the same input", () => {
    expect(Buffer.compare(buildSegment(segmentInput(4000, records)), file)).toBe(0);
  });
});

describe("openSegment()", () => {
  test("openSegment() answers every record and leaf that went in, in any range", async () => {
    const segment = await openSegment(memoryObjects({ s: file }), "s");
    const { leaves } = segmentInput(4000, records);
    expect(segment).toMatchObject({ key: "s", first: 4000, count: 150, indexed: 149 });
    for (const [position, count] of [
      [0, 150],
      [0, 1],
      [31, 2],
      [32, 64],
      [149, 10],
      [150, 1],
    ] as const) {
      const found = await segment.readRange(position, count);
      expect(found.map(String)).toEqual(records.slice(position, position + count).map(String));
    }
    for (let position = 0; position < 150; position++) {
      expect(Buffer.from(await segment.leaf(position))).toEqual(
        Buffer.from(leaves.subarray(position * 32, position * 32 + 32)),
      );
    }
    await segment.verify();
  });

  test.each([1, 44, 100, 5000, file.length - 1])(
    "openSegment() refuses a file that lost its last %i bytes",
    async (lost) => {
      const cut = file.subarray(0, file.length - lost);
      await expect(openSegment(memoryObjects({ "a/s": cut }), "a/s")).rejects.toThrow(/^segment a\/s is damaged: /);
    },
  );

  test("openSegment() refuses a file with bytes added", async () => {
    await expect(openSegment(memoryObjects({ s: Buffer.concat([file, text("x")]) }), "s")).rejects.toThrow(Failure);
  });
});
