import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { ByteBudget, Refusal } from "../../core/index.ts";
import { IncomingBody } from "./incoming-body.ts";

const LONG = Buffer.alloc(1024 * 1024, "x");

/** A request as far as its body goes, which is these pieces. */
function request(...pieces: readonly Uint8Array[]): IncomingMessage {
  return Object.assign(Readable.from(pieces, { objectMode: false }), { rawTrailers: [] }) as unknown as IncomingMessage;
}

function bodyOf(incoming: IncomingMessage, headers: Readonly<Record<string, string>>): IncomingBody {
  return new IncomingBody(
    incoming,
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
  );
}

describe("IncomingBody", () => {
  test.each([
    [{}, 0],
    [{ "content-length": "0" }, 0],
    [{ "content-length": "12" }, 12],
    [{ "transfer-encoding": "chunked" }, undefined],
  ])("reads from %o the length %s", (headers, length) => {
    const body = bodyOf(request(), headers as Record<string, string>);
    expect(body.length).toBe(length);
    expect(body.known).toEqual(length === 0 ? { bytes: new Uint8Array(), size: 0, whole: true } : undefined);
  });

  test("knows what it gathered", async () => {
    const body = bodyOf(request(Buffer.from("hello")), { "content-length": "5" });
    await body.gather(100, new ByteBudget(100));
    expect(body.known).toMatchObject({ size: 5, whole: true });
    expect(body.passed()).toBe(body.known);
  });

  test("goes on where gathering left off", async () => {
    const body = bodyOf(request(LONG, LONG), { "content-length": String(2 * LONG.length) });
    expect((await body.gather(10, new ByteBudget(2 * LONG.length))).kind).toBe("more");
    const { readable } = body.stream({ keepBytesMax: 10, hash: true });
    expect((await text(readable)).length).toBe(2 * LONG.length);
    expect(body.passed()).toMatchObject({ size: 2 * LONG.length, whole: false, sha256: expect.any(String) });
  });

  test("is not whole when the exchange ends before it", async () => {
    const incoming = request(LONG, LONG);
    const body = bodyOf(incoming, { "transfer-encoding": "chunked" });
    const { readable, length } = body.stream({ keepBytesMax: 10, hash: true });
    const [first] = (await readable.take(1).toArray()) as Buffer[];
    expect([length, first?.length]).toEqual([undefined, body.size]);
    expect(body.passed()).toMatchObject({ whole: false });
    expect(body.passed()).not.toHaveProperty("sha256");
  });

  test("breaks off with a refusal when it is not what was signed", async () => {
    const pending = { kind: "hash", sha256: "0".repeat(64), service: "s3" } as const;
    const body = bodyOf(request(Buffer.from("hello")), { "content-length": "5" });
    const { readable } = body.stream({ keepBytesMax: 0, hash: false, pending });
    await expect(text(readable)).rejects.toThrow(Refusal);
  });

  test("lets the request flow on when the call is over, whatever guarded it", async () => {
    const pending = { kind: "hash", sha256: "0".repeat(64), service: "s3" } as const;
    const incoming = request(LONG, LONG, LONG);
    const body = bodyOf(incoming, { "transfer-encoding": "chunked" });
    body.stream({ keepBytesMax: 0, hash: false, pending });
    body.release();
    const ended = new Promise((resolve) => incoming.once("end", resolve));
    incoming.resume();
    await ended;
    expect(body.passed().size).toBe(3 * LONG.length);
  });
});
