import { afterEach, describe, expect, test } from "vitest";
import { assert, Failure, Refusal, systemRandom } from "../../core/index.ts";
import type { LogEvent, LogRange } from "../log-events.ts";
import { type NewQuery, type Queries, type StartedQuery, startQueries } from "./start-queries.ts";

const OWNER = { account: "123456789012", region: "us-east-1" };
const ARN = `arn:aws:logs:us-east-1:${OWNER.account}:log-group:`;

/** Queries over made-up groups, whose reading the test lets go on. */
function open(messages: Readonly<Record<string, readonly [time: number, message: string][]>> = {}) {
  let now = 1000;
  let failing = false;
  let open: (() => void) | undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const ranges: LogRange[] = [];
  const told: object[] = [];
  let left = 0;
  const read = async function* (range: LogRange): AsyncGenerator<readonly LogEvent[]> {
    ranges.push(range);
    try {
      if (failing) throw new Failure("read a segment");
      const events = (messages[range.group.slice(ARN.length)] ?? [])
        .filter(([time]) => time >= range.from && time < range.to)
        .map(([timestamp, message], at) => ({ timestamp, message, stream: "s", ingestionTime: 5, eventId: `${at}` }));
      const ordered = range.descending === true ? events.toReversed() : events;
      for (let at = 0; at < ordered.length; at += 2) yield ordered.slice(at, at + 2);
      if (range.group.endsWith("slow")) await gate;
    } finally {
      left++;
    }
  };
  const queries = startQueries({
    store: { read },
    clock: { now: () => now, elapsed: () => now },
    random: systemRandom,
    log: { error: (what) => told.push(what) },
  });
  closing.push(async () => {
    open?.();
    await queries.close();
  });
  const start = (text: string, groups: readonly string[] = ["a"], more: Partial<NewQuery> = {}): string =>
    queries.start({
      ...OWNER,
      userIdentity: "arn:aws:iam::123456789012:root",
      text,
      groups: groups.map((name) => ({ arn: ARN + name, name, from: 0 })),
      from: 0,
      to: 10_000,
      rowsMax: 10_000,
      ...more,
    });
  return {
    queries,
    ranges,
    told,
    start,
    left: () => left,
    open: () => open?.(),
    pass: (ms: number) => (now += ms),
    fail: () => (failing = true),
    ended: (id: string) => ended(queries, id),
    get: (id: string) => get(queries, id),
  };
}

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function get(queries: Queries, id: string): StartedQuery["running"] {
  const query = queries.find(OWNER, id);
  assert(query !== undefined, "the query is known");
  return query.running;
}

async function ended(queries: Queries, id: string): Promise<StartedQuery["running"]> {
  const running = get(queries, id);
  while (!running.ended) await new Promise(setImmediate);
  return running;
}

function shown({ rows }: StartedQuery["running"]): unknown {
  return rows.map((row) =>
    Object.fromEntries(row.filter(({ field }) => field !== "@ptr").map(({ field, value }) => [field, value])),
  );
}

const NO_QUERY = { code: "ResourceNotFoundException" };
const A_AND_B = {
  a: [
    [1, "a1"],
    [3, "a3"],
    [3, "a3b"],
    [7, "a7"],
  ],
  b: [
    [2, "b2"],
    [3, "b3"],
    [9, "b9"],
  ],
} satisfies Record<string, [number, string][]>;

describe("startQueries()", () => {
  test.each([
    ["asc", ["a1", "b2", "a3", "a3b", "b3", "a7", "b9"]],
    ["desc", ["b9", "a7", "a3b", "a3", "b3", "b2", "a1"]],
  ])("reads several groups in one order of time, %s", async (order, messages) => {
    const world = open(A_AND_B);
    const id = world.start(`display @message as m | sort @timestamp ${order}`, ["a", "b"]);
    const running = await world.ended(id);
    expect(running.status).toBe("Complete");
    expect(shown(running)).toEqual(messages.map((m) => ({ m })));
    expect(running.statistics).toEqual({ recordsScanned: 7, recordsMatched: 7, bytesScanned: 15 });
  });

  test("reads no more of a group than is kept, and leaves it early", async () => {
    const world = open(A_AND_B);
    const groups = [{ arn: `${ARN}a`, name: "a", from: 2 }];
    const running = await world.ended(world.start("display @message as m | limit 1", [], { groups, to: 7 }));
    expect(shown(running)).toEqual([{ m: "a3b" }]);
    expect(world.ranges).toEqual([{ group: `${ARN}a`, from: 2, to: 7, descending: true }]);
    expect(world.left()).toBe(1);
  });

  test("shows rows while it runs, and keeps them when it is stopped", async () => {
    const world = open({
      slow: [
        [1, "one"],
        [2, "two"],
      ],
    });
    const id = world.start("display @message", ["slow"]);
    while (world.get(id).rows.length < 2) await new Promise(setImmediate);
    expect(world.get(id).status).toBe("Running");
    world.queries.stop(OWNER, id);
    expect(world.get(id)).toMatchObject({ status: "Cancelled", ended: true });
    world.open();
    await new Promise(setImmediate);
    expect(shown(await world.ended(id))).toEqual([{ "@message": "two" }, { "@message": "one" }]);
    expect(() => world.queries.stop(OWNER, id)).toThrow("Query is already ended with Cancelled status");
  });

  test("lets two read at once and thirty wait, per account", async () => {
    const world = open();
    const ids = Array.from({ length: 30 }, () => world.start("limit 1", ["slow"]));
    const states = ids.map((id) => world.get(id).status);
    expect(states.filter((status) => status === "Running")).toHaveLength(2);
    expect(states.filter((status) => status === "Scheduled")).toHaveLength(28);
    expect(() => world.start("limit 1")).toThrow("Account maximum query concurrency limit of [30] reached.");
    const other = world.start("limit 1", ["a"], { account: "210987654321" });
    expect(world.queries.find(OWNER, other)).toBeUndefined();
    const stranger = { ...OWNER, account: "210987654321" };
    while (world.queries.find(stranger, other)?.running.ended === false) await new Promise(setImmediate);
    expect(world.queries.find(stranger, other)?.running.status).toBe("Complete");
    world.queries.stop(OWNER, ids[29] ?? "");
    world.start("limit 1");
    world.open();
    for (const id of ids.slice(0, 29)) expect((await world.ended(id)).status).toBe("Complete");
  });

  test("ends a query after an hour", async () => {
    const world = open({ slow: [[1, "one"]] });
    const id = world.start("fields @message", ["slow"]);
    while (world.get(id).rows.length < 1) await new Promise(setImmediate);
    world.pass(3_600_001);
    world.open();
    expect((await world.ended(id)).status).toBe("Timeout");
    expect(world.get(id).durationMs).toBe(3_600_001);
  });

  test("says why a query failed, and tells the log what it cannot say", async () => {
    const world = open({ big: [[1, "x".repeat(1 << 20)]] });
    const big = Array.from({ length: 40 }, (_, at) => `@message as m${at}`).join(", ");
    const tooBig = await world.ended(world.start(`display ${big}`, ["big"]));
    expect(tooBig.status).toBe("Failed");
    expect(shown(tooBig)).toEqual([{ "@error": expect.stringContaining("32 Mi characters") }]);
    expect(world.told).toEqual([]);
    world.fail();
    const broken = await world.ended(world.start("limit 1"));
    expect(shown(broken)).toEqual([{ "@error": expect.stringContaining("its log says why") }]);
    expect(world.told).toEqual([{ error: new Failure("read a segment") }]);
  });

  test("refuses what it cannot understand, and starts nothing", () => {
    const world = open();
    expect(() => world.start("nonsense")).toThrow(Refusal);
    expect(world.queries.list(OWNER)).toEqual([]);
  });

  test("shows queries to their owner alone, newest first, for seven days", async () => {
    const world = open();
    const first = world.start("limit 1");
    world.pass(1);
    const second = world.start("limit 2");
    await world.ended(first);
    await world.ended(second);
    expect(world.queries.list(OWNER).map(({ id }) => id)).toEqual([second, first]);
    const stranger = { ...OWNER, account: "210987654321" };
    expect(world.queries.list(stranger)).toEqual([]);
    expect(world.queries.find({ ...OWNER, region: "eu-west-1" }, first)).toBeUndefined();
    expect(() => world.queries.stop(stranger, first)).toThrow(expect.objectContaining(NO_QUERY));
    world.pass(7 * 86_400_000);
    expect(world.queries.list(OWNER).map(({ id }) => id)).toEqual([second]);
  });

  test("forgets the oldest results when all of them together are too large", async () => {
    const world = open({ big: [[1, "x".repeat(1 << 20)]] });
    const big = Array.from({ length: 30 }, (_, at) => `@message as m${at}`).join(", ");
    const ids = [];
    for (let count = 0; count < 5; count++) ids.push(world.start(`display ${big}`, ["big"]));
    while (world.queries.list(OWNER).some(({ running }) => !running.ended)) await new Promise(setImmediate);
    expect(world.queries.list(OWNER).map(({ id }) => id)).toEqual(ids.slice(1).toReversed());
  });
});
