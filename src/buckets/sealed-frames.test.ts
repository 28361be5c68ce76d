import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FrameSealer, openFrames, plainSize } from "./sealed-frames.ts";

const KEY = new Uint8Array(32).fill(3);
const FRAME = 65_536;

function seal(plain: Uint8Array, pieceBytes: number): Buffer {
  const sealer = new FrameSealer(KEY);
  const sealed: Uint8Array[] = [];
  for (let at = 0; at < plain.length; at += pieceBytes)
    sealed.push(...sealer.update(plain.subarray(at, at + pieceBytes)));
  return Buffer.concat([...sealed, ...sealer.final()]);
}

async function open(file: Buffer, start = 0, end = Infinity): Promise<Buffer> {
  const last = Math.min(end, plainSize(file.length) - 1);
  const pieces = openFrames(
    KEY,
    file.length,
    async (offset, length) => file.subarray(offset, offset + length),
    start,
    last,
  );
  return Buffer.concat(await Array.fromAsync(pieces));
}

/** Bytes that differ from frame to frame. */
function plainBytes(size: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: size }, (_, index) => (index * 31 + (index >> 11)) & 0xff));
}

describe("openFrames()", () => {
  test.each([0, 1, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME, 9 * FRAME + 7])("gives %i bytes back", async (size) => {
    const plain = plainBytes(size);
    const file = seal(plain, 10_000);
    expect(plainSize(file.length)).toBe(size);
    expect(file.subarray(0, 16).toString()).toBe("OpenTrail sealed");
    expect((await open(file)).equals(plain)).toBe(true);
  });

  test("gives any range, however the bytes were handed in", async () => {
    const plain = plainBytes(3 * FRAME + 100);
    const place = fc.integer({ min: 0, max: plain.length - 1 });
    await fc.assert(
      fc.asyncProperty(place, place, fc.integer({ min: 1, max: 200_000 }), async (one, other, pieceBytes) => {
        const [start, end] = [Math.min(one, other), Math.max(one, other)];
        const found = await open(seal(plain, pieceBytes), start, end);
        expect(found.equals(plain.subarray(start, end + 1))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  const sealed = seal(plainBytes(2 * FRAME + 10), FRAME);
  const frame = FRAME + 16;
  test.each([
    ["a flipped bit", Buffer.from(sealed.map((byte, index) => (index === 70_000 ? byte ^ 1 : byte)))],
    ["a cut between two frames", sealed.subarray(0, 16 + 2 * frame)],
    ["a cut that leaves a tag", sealed.subarray(0, 16 + 2 * frame + 16)],
    ["a cut inside a frame", sealed.subarray(0, sealed.length - 5)],
    ["a cut inside a tag", sealed.subarray(0, 16 + 2 * frame + 7)],
    [
      "two frames that changed places",
      Buffer.concat([
        sealed.subarray(0, 16),
        sealed.subarray(16 + frame, 16 + 2 * frame),
        sealed.subarray(16, 16 + frame),
        sealed.subarray(16 + 2 * frame),
      ]),
    ],
  ])("does not pass %s", async (_, file) => {
    await expect(open(file)).rejects.toThrow(/unable to authenticate|ends inside a frame/);
  });
});
