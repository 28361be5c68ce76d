import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import { dimensionsKey, type MetricKey, type MetricSample } from "./metric.ts";
import { listMetrics, metricIds, readSeries, seriesQuery } from "./metric-rows.ts";
import { datum, NOW, openWorld, PLACE, type World } from "./open-alarms.fixture.ts";
import { summaryOf } from "./summary.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;
const KEY: MetricKey = { ...PLACE, namespace: "LogMetrics", name: "RootAccountUsage", dimensions: "[]" };

function sample(given: Partial<MetricSample> = {}): MetricSample {
  return { ...KEY, unit: "None", timestamp: NOW, resolution: 60, summary: summaryOf(1), ...given };
}

async function sums(
  { tables }: World,
  from: number,
  periodS: number,
  to = NOW + DAY,
): Promise<(readonly [number, number])[]> {
  const ids = (await metricIds(tables, KEY)).map(({ id }) => id);
  const series = await readSeries(tables, ids, { from, to, periodS });
  return [...series].map(([start, { sum }]) => [start - from, sum]);
}

async function levels({ tables }: World): Promise<readonly string[]> {
  const rows = await tables.selectFrom("metric_data").selectAll().orderBy("period_s").orderBy("start_ms").execute();
  return rows.map(({ period_s, samples, sum }) => `${period_s}: ${samples} ${sum}`);
}

describe("openMetrics()", () => {
  test("joins what is recorded of a minute into one row", async () => {
    const world = await openWorld();
    world.metrics.record([datum({ value: 2 }), datum({ value: 3, count: 4, timestamp: NOW + 59_999 })]);
    world.metrics.record([datum({ value: 5, timestamp: NOW + MINUTE })]);
    expect(world.metrics.stats().pending).toBe(2);
    await world.metrics.flush();
    world.metrics.record([datum({ value: 7 })]);
    await world.metrics.flush();
    expect(await levels(world)).toEqual(["60: 6 21", "60: 1 5"]);
    expect(await sums(world, NOW, 60)).toEqual([
      [0, 21],
      [MINUTE, 5],
    ]);
    expect(await sums(world, NOW - MINUTE, 300)).toEqual([[0, 26]]);
  });

  test("put() resolves when the data are in the file", async () => {
    const world = await openWorld();
    await Promise.all([1, 2, 3].map(() => world.metrics.put([sample()])));
    expect(await levels(await world.restart())).toEqual(["60: 3 3"]);
  });

  test("keeps what could not be written, but for put(), which says so", async () => {
    const world = await openWorld();
    await world.tables.schema.alterTable("metric_data").renameTo("elsewhere").execute();
    world.metrics.record([datum()]);
    await expect(world.metrics.flush()).rejects.toThrow("no such table");
    const put = [world.metrics.put([sample({ summary: summaryOf(100) })]), world.metrics.put([sample()])];
    await expect(Promise.allSettled(put)).resolves.toMatchObject([{ status: "rejected" }, { status: "rejected" }]);
    await world.tables.schema.alterTable("elsewhere").renameTo("metric_data").execute();
    await world.metrics.flush();
    expect(await levels(world)).toEqual(["60: 1 1"]);
  });

  test("close() ends whatever the tables say", async () => {
    const { metrics, tables } = await openWorld();
    metrics.record([datum()]);
    await tables.schema.alterTable("metric_data").renameTo("away").execute();
    await expect(metrics.close()).resolves.toBeUndefined();
    expect(metrics.stats()).toMatchObject({ pending: 1 });
  });

  test.each([
    ["not a number", { value: Number.NaN }],
    ["without end", { value: Number.POSITIVE_INFINITY }],
    ["none of a value", { count: 0 }],
    ["overflowing", { value: 1e308, count: 10 }],
    ["too old", { timestamp: NOW - 15 * DAY }],
    ["nameless", { name: "" }],
    ["too long a name", { name: "x".repeat(256) }],
    ["too many dimensions", { dimensions: Object.fromEntries(Array.from({ length: 31 }, (_, i) => [`d${i}`, "x"])) }],
    ["an empty dimension", { dimensions: { a: "" } }],
  ])("drops a datum that is %s, and counts it", async (_, given) => {
    const world = await openWorld();
    world.metrics.record([datum(given)]);
    expect(world.metrics.stats()).toEqual({ pending: 0, written: 0, dropped: 1 });
  });

  test.each([
    ["__proto__", { ["__proto__"]: "x" }],
    ['"quotes", [brackets]', { "a]": '"], ["b","c' }],
    ["null \u0000 and '; drop table metrics", {}],
  ])("takes %s for a name like any other", async (name, dimensions) => {
    const world = await openWorld();
    world.metrics.record([datum({ name, dimensions }), datum({ name })]);
    await world.metrics.flush();
    const found = await listMetrics(world.tables, { ...PLACE, name, dimensions: [], since: 0 }, 10);
    const expected = [...new Set([dimensionsKey(Object.entries(dimensions)), "[]"])];
    expect(found.map((one) => JSON.stringify(one.dimensions)).toSorted()).toEqual(expected.toSorted());
  });

  test("knows its metrics again after a start", async () => {
    const world = await openWorld();
    await world.metrics.put([sample(), sample({ unit: "Count" })]);
    const again = await world.restart();
    await again.metrics.put([sample(), sample({ unit: "Count" })]);
    expect((await metricIds(again.tables, KEY)).map(({ unit }) => unit)).toEqual(["Count", "None"]);
    expect(await sums(again, NOW, 60)).toEqual([[0, 4]]);
  });

  test("has room for what filters count, and for other accounts, whatever callers use up", async () => {
    const world = await openWorld();
    await sql`with recursive n (i) as (select 1 union all select i + 1 from n where i < 49000)
      insert into metrics (account_id, region, namespace, name, dimensions, unit, last_ms)
      select ${PLACE.account}, ${PLACE.region}, 'flood', 'm' || i, '[]', 'None', ${NOW} from n`.execute(world.tables);
    const { metrics, tables } = await world.restart();
    await expect(metrics.put([sample()])).rejects.toMatchObject({ code: "LimitExceeded" });
    metrics.record([datum({ name: "Dimensioned", dimensions: { who: "any" } }), datum()]);
    await metrics.put([sample({ account: "210987654321" })]);
    await metrics.flush();
    expect(metrics.stats()).toMatchObject({ dropped: 1, written: 2 });
    expect(await metricIds(tables, KEY)).toHaveLength(1);
  });

  test("rolls seconds, minutes, five minutes and hours up, and forgets", async () => {
    const world = await openWorld();
    const seconds = [0, 1, 59, 60].map((second) => sample({ timestamp: NOW + second * 1000, resolution: 1 }));
    await world.metrics.put([...seconds, sample({ timestamp: NOW + 6 * MINUTE })]);
    expect(await levels(world)).toEqual(["1: 1 1", "1: 1 1", "1: 1 1", "1: 1 1", "60: 1 1"]);
    const later = async (days: number): Promise<readonly string[]> => {
      world.clock.time = NOW + days * DAY;
      await world.metrics.expire();
      return levels(world);
    };
    expect(await sums(world, NOW, 1)).toHaveLength(4);
    expect(await later(1)).toEqual(["60: 3 3", "60: 1 1", "60: 1 1"]);
    expect(await later(16)).toEqual(["300: 4 4", "300: 1 1"]);
    expect(await sums(world, NOW, 60)).toEqual([]);
    expect(await sums(world, NOW, 300)).toEqual([
      [0, 4],
      [5 * MINUTE, 1],
    ]);
    expect(await later(64)).toEqual(["3600: 5 5"]);
    expect(await later(456)).toEqual([]);
    expect(await listMetrics(world.tables, { ...PLACE, dimensions: [], since: 0 }, 10)).toHaveLength(1);
    await later(457);
    expect(await listMetrics(world.tables, { ...PLACE, dimensions: [], since: 0 }, 10)).toEqual([]);
    await world.metrics.put([sample({ timestamp: world.clock.time })]);
    expect(await levels(world)).toEqual(["60: 1 1"]);
  });

  test("writes ten thousand metrics, and answers a query by its index", async () => {
    const world = await openWorld();
    const host = (index: number): MetricSample => sample({ dimensions: dimensionsKey([["Host", `${index}`]]) });
    await world.metrics.put(Array.from({ length: 10_000 }, (_, index) => host(index)));
    const ids = (await metricIds(world.tables, host(4_321))).map(({ id }) => id);
    expect((await readSeries(world.tables, ids, { from: NOW, to: NOW + 1, periodS: 60 })).get(NOW)?.sum).toBe(1);
    const plan = await seriesQuery(world.tables, ids, [1, 60], NOW, NOW + 1).explain(undefined, sql`query plan`);
    expect(JSON.stringify(plan)).toContain(
      "SEARCH metric_data USING PRIMARY KEY (metric_id=? AND period_s=? AND start_ms>?",
    );
  });
});

describe("listMetrics()", () => {
  test("pages by namespace, name and dimensions, and filters", async () => {
    const world = await openWorld();
    const of = (namespace: string, name: string, ...dimensions: [string, string][]): MetricSample =>
      sample({ namespace, name, dimensions: dimensionsKey(dimensions) });
    await world.metrics.put([
      of("b", "one"),
      of("a", "two", ["Host", "h1"]),
      of("a", "two", ["Host", "h2"], ["App", "x"]),
      { ...of("a", "one"), timestamp: NOW - 13 * DAY },
      { ...of("a", "one"), region: "eu-west-1" },
    ]);
    const list = async (given: Partial<Parameters<typeof listMetrics>[1]>, ...page: [number?, never?]) =>
      (await listMetrics(world.tables, { ...PLACE, dimensions: [], since: 0, ...given }, page[0] ?? 10)).map(
        ({ namespace, name, dimensions }) => `${namespace}.${name} ${dimensions.flat().join("=")}`.trim(),
      );
    expect(await list({})).toEqual(["a.one", "a.two App=x=Host=h2", "a.two Host=h1", "b.one"]);
    expect(await list({ since: NOW })).toEqual(["a.two App=x=Host=h2", "a.two Host=h1", "b.one"]);
    expect(await list({ namespace: "b" })).toEqual(["b.one"]);
    expect(await list({ dimensions: [{ name: "Host" }] })).toHaveLength(2);
    expect(await list({ dimensions: [{ name: "Host", value: "h1" }] })).toEqual(["a.two Host=h1"]);
    const filter = { ...PLACE, dimensions: [], since: 0 };
    const [first] = await listMetrics(world.tables, filter, 1);
    expect(await listMetrics(world.tables, filter, 10, first?.place)).toHaveLength(3);
  });
});
