import { once } from "node:events";
import { PassThrough, Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { BodySource } from "./body-source.ts";

const ignore = (): void => undefined;

function streamed(readable: Readable): BodySource {
  return new BodySource({ kind: "stream", readable, trailers: () => [] }, ignore);
}

async function all(source: BodySource): Promise<string> {
  const pieces = await Array.fromAsync(source);
  return Buffer.concat(pieces).toString();
}

describe("BodySource", () => {
  test("gives bodies of every kind", async () => {
    expect(await all(new BodySource({ kind: "none" }, ignore))).toBe("");
    expect(await all(new BodySource({ kind: "whole", bytes: Buffer.from("abc") }, ignore))).toBe("abc");
    expect(await all(streamed(Readable.from(["ab", "c"], { objectMode: false })))).toBe("abc");
  });

  test("gives what comes after it was asked for, and says once that it is wanted", async () => {
    const through = new PassThrough();
    let wanted = 0;
    const source = new BodySource({ kind: "stream", readable: through, trailers: () => [] }, () => {
      wanted += 1;
    });
    const iterator = source[Symbol.asyncIterator]();
    const first = iterator.next();
    through.write("one");
    expect(String((await first).value)).toBe("one");
    const second = iterator.next();
    through.end("two");
    expect(String((await second).value)).toBe("two");
    expect((await iterator.next()).done).toBe(true);
    expect(wanted).toBe(1);
    expect(source.failure).toBeUndefined();
  });

  test("holds no more in memory than it must while nobody reads on", async () => {
    let made = 0;
    const endless = new Readable({
      highWaterMark: 1,
      read() {
        made += 1;
        this.push(Buffer.alloc(64 * 1024));
      },
    });
    const iterator = streamed(endless)[Symbol.asyncIterator]();
    await iterator.next();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(made).toBeLessThan(20);
    await iterator.return(undefined);
    endless.destroy();
  });

  test.each([
    ["fails", (through: PassThrough) => through.destroy(new Error("cut"))],
    ["is closed without an end", (through: PassThrough) => through.destroy()],
  ])("breaks off when its stream %s", async (_, breakIt) => {
    const through = new PassThrough();
    const source = streamed(through);
    const read = all(source);
    through.write("half");
    setImmediate(() => breakIt(through));
    await expect(read).rejects.toThrow(/cut|broke off/);
    expect(source.failure).toBeDefined();
  });

  test("tells of a stream that broke before anybody read it", async () => {
    const through = new PassThrough();
    const source = streamed(through);
    through.destroy(new Error("early"));
    await new Promise(setImmediate);
    await expect(all(source)).rejects.toThrow("early");
  });

  test("abort() ends the wait of whoever reads", async () => {
    const through = new PassThrough();
    const source = streamed(through);
    const read = all(source);
    source.abort(new Error("given up"));
    await expect(read).rejects.toThrow("given up");
    expect(through.destroyed).toBe(false);
  });

  test("discard() reads away what an early end left over", async () => {
    const through = new PassThrough();
    const source = streamed(through);
    through.write("first");
    for await (const piece of source) {
      expect(String(piece)).toBe("first");
      break;
    }
    source.discard();
    through.end(Buffer.alloc(1024 * 1024));
    await once(through, "end");
    expect(source.failure).toBeUndefined();
  });

  test("discard() does not mind a stream that breaks off", async () => {
    const through = new PassThrough();
    streamed(through).discard();
    through.destroy(new Error("cut"));
    await new Promise(setImmediate);
    expect(through.errored?.message).toBe("cut");
  });
});
