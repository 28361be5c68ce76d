import { cpSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Failure } from "../../core/index.ts";
import type { LogEvent } from "../log-events.ts";
import { GROUP, messages, NOW, openTestStore, readAll, temporaryDirectory } from "./open-store.fixture.ts";

const OLD = NOW - 3_600_001;

describe("append()", () => {
  test("append() answers ids of 56 digits that sort as the events are read", async () => {
    const { store } = await openTestStore(temporaryDirectory());
    const [late] = await store.append(GROUP, "s", [{ timestamp: 2000, message: "late" }], NOW);
    const [early, same] = await store.append(
      GROUP,
      "t",
      [
        { timestamp: 1000, message: "early" },
        { timestamp: 2000, message: "same" },
      ],
      NOW + 1,
    );
    const read = await readAll(store);
    expect(read).toEqual([early, late, same]);
    const ids = read.map(({ eventId }) => eventId);
    expect(ids.every((id) => /^\d{56}$/.test(id))).toBe(true);
    expect(ids.toSorted()).toEqual(ids);
    expect(read[1]).toMatchObject({ stream: "s", timestamp: 2000, ingestionTime: NOW });
  });

  test("append() of many at once keeps each batch in its order", async () => {
    const { store } = await openTestStore(temporaryDirectory());
    const batch = (name: string) => Array.from({ length: 50 }, (_, at) => ({ timestamp: 5, message: `${name}${at}` }));
    await Promise.all(["a", "b", "c"].map((name) => store.append(GROUP, name, batch(name), NOW)));
    expect(messages(await readAll(store, { streams: ["b"] }))).toEqual(batch("b").map(({ message }) => message));
    expect(await readAll(store)).toHaveLength(150);
  });

  test.each(["tail", "segment"])("append() keeps text as it is, from the %s too", async (place) => {
    const { store } = await openTestStore(temporaryDirectory());
    const texts = ["a\0b", "ünï 🎉", "\n", '{"__proto__":1}', "x".repeat(300_000), "half \ud83d"];
    const ingested = place === "tail" ? NOW : OLD;
    await store.append(
      GROUP,
      "s",
      texts.map((message) => ({ timestamp: 1, message })),
      ingested,
    );
    await store.sealed();
    expect(messages(await readAll(store))).toEqual(texts.map((text) => text.toWellFormed()));
  });
});

describe("read()", () => {
  test("read() asks for time, streams, prefix and place", async () => {
    const { store } = await openTestStore(temporaryDirectory());
    const put = (stream: string, timestamp: number) =>
      store.append(GROUP, stream, [{ timestamp, message: `${stream}${timestamp}` }], OLD);
    await put("a", 1);
    await put("ab", 2);
    await store.sealed();
    await put("b", 1);
    await put("a", 3);
    expect(messages(await readAll(store))).toEqual(["a1", "b1", "ab2", "a3"]);
    expect(messages(await readAll(store, { descending: true }))).toEqual(["a3", "ab2", "b1", "a1"]);
    expect(messages(await readAll(store, { from: 2, to: 3 }))).toEqual(["ab2"]);
    expect(messages(await readAll(store, { streams: ["a", "none"] }))).toEqual(["a1", "a3"]);
    expect(messages(await readAll(store, { streamPrefix: "a" }))).toEqual(["a1", "ab2", "a3"]);
    expect(await readAll(store, { streams: [] })).toEqual([]);
    expect(await readAll(store, { group: "other" })).toEqual([]);
    const [, second] = await readAll(store);
    if (second === undefined) throw new Error("there are four");
    expect(messages(await readAll(store, { after: second }))).toEqual(["ab2", "a3"]);
    expect(messages(await readAll(store, { after: second, descending: true }))).toEqual(["a1"]);
    expect(await store.find(GROUP, second.eventId)).toEqual(second);
    expect(await store.find(GROUP, "1".repeat(56))).toBeUndefined();
    expect(await store.find(GROUP, "x")).toBeUndefined();
  });

  test("read() agrees with a list that is sorted, whatever is sealed, moved or reopened", async () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant("append"),
          times: fc.array(fc.nat(40), { minLength: 1 }),
          stream: fc.constantFrom("a", "b", "c"),
        }),
      },
      { weight: 2, arbitrary: fc.constant({ kind: "seal" } as const) },
      { weight: 1, arbitrary: fc.constant({ kind: "reopen" } as const) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove"), stream: fc.constantFrom("a", "b", "c") }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.nat(40), fc.nat(40), async (steps, from, to) => {
        const directory = temporaryDirectory();
        let { store } = await openTestStore(directory, { sealBytes: 400 });
        let model: LogEvent[] = [];
        for (const each of steps) {
          if ("times" in each) {
            const events = each.times.map((timestamp) => ({ timestamp, message: `at ${timestamp}` }));
            model.push(...(await store.append(GROUP, each.stream, events, OLD)));
          } else if ("stream" in each) {
            await store.remove(GROUP, each.stream);
            model = model.filter(({ stream }) => stream !== each.stream);
          } else if (each.kind === "seal") {
            await store.sealed();
          } else {
            await store.close();
            ({ store } = await openTestStore(directory, { sealBytes: 400 }));
          }
        }
        const sorted = model.toSorted((one, other) => (one.eventId < other.eventId ? -1 : 1));
        expect(await readAll(store)).toEqual(sorted);
        const within = sorted.filter(({ timestamp, stream }) => timestamp >= from && timestamp < to && stream !== "b");
        const range = { from, to, streams: ["a", "c"] };
        expect(await readAll(store, range)).toEqual(within);
        expect(await readAll(store, { ...range, descending: true })).toEqual(within.toReversed());
        const stats = await store.stats(GROUP);
        const bytes = [...stats.values()].reduce((sum, { storedBytes }) => sum + storedBytes, 0);
        expect(bytes).toBe(sorted.reduce((sum, { message }) => sum + message.length + 26, 0));
        await store.close();
      }),
      { numRuns: 25 },
    );
  });

  test("read() goes on where it is when its events are sealed, expired or removed meanwhile", async () => {
    const { store } = await openTestStore(temporaryDirectory());
    const events = Array.from({ length: 5_000 }, (_, at) => ({ timestamp: at, message: `m${at}` }));
    await store.append(GROUP, "s", events, OLD);
    const pages = store.read({ group: GROUP, from: 0, to: NOW });
    const seen: string[] = [];
    let page = 0;
    for await (const each of pages) {
      seen.push(...messages(each));
      page += 1;
      if (page === 1) await store.sealed();
      if (page === 2) await store.expire(GROUP, 1500);
    }
    expect(seen).toEqual(events.map(({ message }) => message));
    expect(page).toBeGreaterThan(3);
    const left = store.read({ group: GROUP, from: 0, to: NOW });
    await left.next();
    await store.remove(GROUP);
    const rest = [];
    for await (const each of left) rest.push(...each);
    expect(rest.length).toBeLessThan(5_000);
    expect(await readAll(store)).toEqual([]);
  });

  test("read() of segments that all reach over the same time merges them", async () => {
    const { store } = await openTestStore(temporaryDirectory());
    const expected: string[] = [];
    for (let part = 0; part < 20; part += 1) {
      const events = Array.from({ length: 300 }, (_, at) => ({
        timestamp: at * 20 + part,
        message: `${at * 20 + part}`,
      }));
      await store.append(GROUP, "s", events, OLD);
      await store.sealed();
    }
    for (let at = 0; at < 6_000; at += 1) expected.push(`${at}`);
    expect(messages(await readAll(store))).toEqual(expected);
    expect(messages(await readAll(store, { descending: true }))).toEqual(expected.toReversed());
  });
});

describe("removal", () => {
  test("expire() drops segments that are wholly older, and old rows", async () => {
    const { store, objects } = await openTestStore(temporaryDirectory());
    const put = (timestamp: number) => store.append(GROUP, "s", [{ timestamp, message: `${timestamp}` }], OLD);
    await put(1);
    await store.sealed();
    await put(5);
    await put(20);
    await store.sealed();
    await put(6);
    await put(30);
    await store.expire(GROUP, 10);
    expect(messages(await readAll(store))).toEqual(["5", "20", "30"]);
    expect(await objects.list("loggroups/")).toHaveLength(1);
  });

  test("remove() of a stream leaves the others; one of the same name begins empty", async () => {
    const directory = temporaryDirectory();
    const { store, objects } = await openTestStore(directory);
    const put = (stream: string) => store.append(GROUP, stream, [{ timestamp: 1, message: stream }], OLD);
    await put("a");
    await store.sealed();
    await put("b");
    await put("a");
    await store.sealed();
    expect(await objects.list("loggroups/")).toHaveLength(2);
    await store.remove(GROUP, "a");
    expect(await objects.list("loggroups/")).toHaveLength(1);
    expect(messages(await readAll(store))).toEqual(["b"]);
    await put("a");
    await store.close();
    const again = await openTestStore(directory);
    expect(messages(await readAll(again.store))).toEqual(["b", "a"]);
    expect([...again.store.held()]).toEqual([[GROUP, ["a", "b"]]]);
  });

  test("remove() of a group removes its objects", async () => {
    const { store, objects } = await openTestStore(temporaryDirectory());
    await store.append(GROUP, "s", [{ timestamp: 1, message: "m" }], OLD);
    await store.sealed();
    await store.remove(GROUP);
    expect(await objects.list("loggroups/")).toEqual([]);
    expect(store.held().size).toBe(0);
  });
});

describe("sealing", () => {
  test("a tail becomes segments once it is large, in order and about as large as asked", async () => {
    const { store, objects } = await openTestStore(temporaryDirectory(), { sealBytes: 10_000, sealAgeMs: NOW });
    const events = Array.from({ length: 1_000 }, (_, at) => ({ timestamp: at, message: `message ${at}` }));
    await store.append(GROUP, "s", events, NOW);
    await store.sealed();
    expect((await objects.list("loggroups/")).length).toBeGreaterThan(2);
    expect(messages(await readAll(store))).toEqual(events.map(({ message }) => message));
  });

  test("the largest tail is sealed when all are too large together", async () => {
    const { store, objects } = await openTestStore(temporaryDirectory(), { tailBytesMax: 500, sealAgeMs: NOW });
    await store.append(GROUP, "s", [{ timestamp: 1, message: "x".repeat(300) }], NOW);
    await store.append("other", "s", [{ timestamp: 1, message: "x".repeat(301) }], NOW);
    await store.sealed();
    expect(await objects.list("loggroups/")).toHaveLength(1);
  });

  test("append() fails while far too much cannot be sealed", async () => {
    const fault = (step: string): void => {
      if (step === "segment") throw new Failure("the disk is full");
    };
    const { store, told } = await openTestStore(temporaryDirectory(), { tailBytesMax: 100, sealAgeMs: NOW, fault });
    const put = () => store.append(GROUP, "s", [{ timestamp: 1, message: "x".repeat(500) }], NOW);
    await put();
    await store.sealed();
    await expect(put()).rejects.toThrow("could not be sealed");
    expect(told).toContain("log events could not be sealed yet");
    expect(await readAll(store)).toHaveLength(1);
  });
});

describe.each(["not written", "written, reply lost"] as const)("a write is %s", (loss) => {
  /** Fails once at the step. */
  const failing = (asked: string) => {
    let left = 1;
    return (step: string, how: string): void => {
      if (step !== asked || how !== loss || left === 0) return;
      left -= 1;
      throw new Failure(`${step} ${how}`);
    };
  };

  test("of events: the append fails, and what is appended then is read once", async () => {
    const directory = temporaryDirectory();
    const { store } = await openTestStore(directory, { fault: failing("events") });
    const first = store.append(GROUP, "s", [{ timestamp: 1, message: "first" }], NOW);
    await expect(first).rejects.toThrow(Failure);
    await store.append(GROUP, "s", [{ timestamp: 2, message: "second" }], NOW);
    const expected = loss === "not written" ? ["second"] : ["first", "second"];
    expect(messages(await readAll(store))).toEqual(expected);
    await store.close();
    expect(messages(await readAll((await openTestStore(directory)).store))).toEqual(expected);
  });

  test.each(["segment", "catalogue"])("at the %s: every event is read once, before and after a crash", async (step) => {
    const directory = temporaryDirectory();
    const { store, told } = await openTestStore(directory, { fault: failing(step) });
    const events = Array.from({ length: 10 }, (_, at) => ({ timestamp: at, message: `${at}` }));
    await store.append(GROUP, "s", events, OLD);
    await store.sealed();
    expect(told).toEqual(["log events could not be sealed yet"]);
    expect(await readAll(store)).toHaveLength(10);
    // What a crash right here would leave.
    const crashed = join(temporaryDirectory(), "copy");
    cpSync(directory, crashed, { recursive: true });
    await store.sealed();
    expect(await readAll(store)).toHaveLength(10);
    const again = await openTestStore(crashed);
    expect(messages(await readAll(again.store))).toEqual(events.map(({ message }) => message));
    await again.store.sealed();
    expect(messages(await readAll(again.store))).toEqual(events.map(({ message }) => message));
    expect(await again.objects.list("loggroups/")).toHaveLength(1);
  });
});
