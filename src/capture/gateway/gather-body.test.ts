import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { ByteBudget, Refusal } from "../../core/index.ts";
import { type Gathered, Gathering } from "./gather-body.ts";

/** A request as far as its body goes. */
function request(): Readable & IncomingMessage {
  return new Readable({ read: () => undefined }) as Readable & IncomingMessage;
}

/** What is free of a budget of so many bytes. */
function free(budget: ByteBudget, bytes: number): number {
  for (let room = bytes; room > 0; room--) {
    if (!budget.take(room)) continue;
    budget.give(room);
    return room;
  }
  return 0;
}

function text({ bytes }: Gathered): string {
  return Buffer.from(bytes).toString();
}

describe("Gathering", () => {
  test("holds the budget of a whole body until it is released", async () => {
    const budget = new ByteBudget(100);
    const body = request();
    const gathering = new Gathering(body, 50, budget);
    for (const piece of ["one ", "two"]) body.push(piece);
    body.push(null);
    const gathered = await gathering.gathered;
    expect([gathered.kind, text(gathered)]).toEqual(["whole", "one two"]);
    expect(free(budget, 100)).toBe(93);
    gathering.release();
    gathering.release();
    expect(free(budget, 100)).toBe(100);
  });

  test.each([
    ["more", 5, 100],
    ["no-room", 50, 5],
  ])("gives back what came when there is %s", async (kind, bytesMax, room) => {
    const budget = new ByteBudget(room);
    const body = request();
    const gathering = new Gathering(body, bytesMax, budget);
    for (const piece of ["one ", "two ", "three"]) body.push(piece);
    body.push(null);
    const gathered = await gathering.gathered;
    expect(gathered.kind).toBe(kind);
    expect(text(gathered)).toBe("one two ");
    expect(free(budget, room)).toBe(room);
    expect(Buffer.concat(await Array.fromAsync(body as AsyncIterable<Buffer>)).toString()).toBe("one two three");
  });

  test.each([
    ["its client is gone", (body: Readable) => body.destroy()],
    ["it fails", (body: Readable) => body.destroy(new Error("aborted"))],
  ])("ends when %s", async (_, end) => {
    const budget = new ByteBudget(100);
    const body = request();
    const gathering = new Gathering(body, 50, budget);
    body.push("half");
    await new Promise((resolve) => setImmediate(resolve));
    end(body);
    const gathered = await gathering.gathered;
    expect([gathered.kind, text(gathered)]).toEqual(["broken", "half"]);
    expect(free(budget, 100)).toBe(100);
  });

  test("ends at once for a request that was over before", async () => {
    const body = request();
    body.destroy();
    await new Promise((resolve) => body.once("close", resolve));
    expect((await new Gathering(body, 50, new ByteBudget(100)).gathered).kind).toBe("broken");
  });

  test("is stopped from outside, once", async () => {
    const body = request();
    const gathering = new Gathering(body, 50, new ByteBudget(100));
    const why = new Refusal("MalformedRequest", "no HTTP");
    gathering.stop(why);
    gathering.stop(new Refusal("Other", "too late"));
    body.push("late");
    expect(await gathering.gathered).toMatchObject({ kind: "broken", why });
  });
});
