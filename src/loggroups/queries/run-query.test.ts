import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ask, eventsOf, NOW } from "./ask.fixture.ts";
import { QueryFailure } from "./query-error.ts";

const RECORDS = eventsOf([
  { eventName: "GetObject", n: 3, user: { arn: "arn:a" }, resources: [{ type: "bucket" }], ok: true, size: "10" },
  { eventName: "PutObject", n: 1, user: { arn: "arn:b" }, "dotted.name": "x", ok: false, size: "9" },
  { eventName: "DeleteObject", n: 2, user: { arn: "arn:a" }, error: "AccessDenied", nothing: null },
  "user=bob, id=17 [ERROR] took 1.5s",
]);

/** The one value of a query over one event. */
async function evaluate(expression: string, message: string | object = {}): Promise<string | undefined> {
  const { rows } = await ask(`fields ${expression} as x`, eventsOf([message]));
  return rows[0]?.["x"];
}

describe("runQuery(), expressions", () => {
  test.each([
    ["1 + 2 * 3", "7"],
    ["(1 + 2) * 3", "9"],
    ["2 ^ 3 ^ 2", "512"],
    ["10 % 4 - -1", "3"],
    ["1 / 0", undefined],
    ["'a' + 1", undefined],
    ['"2" + "3"', "5"],
    ["1.5e2", "150"],
    ["abs(-2)", "2"],
    ["ceil(1.2) + floor(1.8)", "3"],
    ["greatest(1, 5, 3) - least(4, 2)", "3"],
    ["sqrt(16)", "4"],
    ["log(1)", "0"],
    ["sqrt(-1)", undefined],
    ["strlen('größe 😀')", "7"],
    ["toupper('aB')", "AB"],
    ["tolower('aB')", "ab"],
    ["trim('  a ')", "a"],
    ["trim('xxaxx', 'x')", "a"],
    ["concat(ltrim('xa', 'x'), rtrim('ax', 'x'))", "aa"],
    ["substr('abcdef', 2)", "cdef"],
    ["substr('abcdef', 1, 3)", "bcd"],
    ["substr(missing, 1)", undefined],
    ["replace('a.b.c', '.', '-')", "a-b-c"],
    ["replace('aaa', 'a', 'aa')", "aaaaaa"],
    ["strcontains('abc', 'bc')", "1"],
    ["concat('a', missing, 1)", "a1"],
    ["isempty('')", "1"],
    ["isempty(missing)", "1"],
    ["isblank(' x')", "0"],
    ["ispresent(missing)", "0"],
    ["isPresent(a)", "1"],
    ["coalesce(missing, other, 'z')", "z"],
    ["if(a = 1, 'one', 'more')", "one"],
    ["fromMillis(0)", "1970-01-01 00:00:00.000"],
    ["toMillis(@timestamp)", String(NOW)],
    ["now()", String(NOW / 1000)],
    ["bin(1h)", "2026-11-20 12:00:00.000"],
    ["bin(1 week)", "2026-11-15 00:00:00.000"],
    ["datefloor(@timestamp, 1mo)", "2026-11-01 00:00:00.000"],
    ["dateceil(@timestamp, 1y)", "2027-01-01 00:00:00.000"],
    ["dateceil(@timestamp, 1h)", "2026-11-20 12:00:00.000"],
    ["datefloor(@timestamp, 1q)", "2026-10-01 00:00:00.000"],
    ["isValidIp('::1')", "1"],
    ["isValidIpv4('::1')", "0"],
    ["isValidIpv6('1.2.3.4')", "0"],
    ["isIpv4InSubnet('10.1.2.3', '10.0.0.0/8')", "1"],
    ["isIpv4InSubnet('11.1.2.3', '10.0.0.0/8')", "0"],
    ["isIpv6InSubnet('2001:db8::1', '2001:db8::/32')", "1"],
    ["isIpInSubnet('10.1.2.3', 'nonsense')", "0"],
    ["jsonStringify(jsonParse('{\"a\": [1]}'))", '{"a":[1]}'],
    ["jsonParse('no')", undefined],
    ["1 < 2 and not 'a' = 'b' or missing", "1"],
    ["a in [1, 2]", "1"],
    ["a not in ('x', 'y')", "1"],
    ["missing != 1", "0"],
    ["`odd-name`", "yes"],
    ["b.c.0", "deep"],
    ["b", '{"c":["deep"]}'],
    ["t = 1", "1"],
    ["t = 'true'", "1"],
    ["f = false", "1"],
    ["t", "1"],
    ["@log", "123456789012:g"],
    ["__proto__", undefined],
    ["constructor", undefined],
  ])("%s is %s", async (expression, expected) => {
    const event = { a: 1, b: { c: ["deep"] }, "odd-name": "yes", t: true, f: false };
    expect(await evaluate(expression, event)).toBe(expected);
  });

  test("reads into what jsonParse() made", async () => {
    const { rows } = await ask("fields jsonParse(text) as j | display j.a.1", eventsOf([{ text: '{"a":[1,2]}' }]));
    expect(rows).toEqual([{ "j.a.1": "2" }]);
  });

  test("a structure that is nested past all measure has no text", async () => {
    expect(await evaluate("a", `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`)).toBeUndefined();
  });

  test("texts do not grow past all measure", async () => {
    const more = Array.from({ length: 12 }, (_, at) => `concat(x${at}, x${at}, x${at}, x${at}) as x${at + 1}`);
    const { rows } = await ask(
      `fields '0123456789' as x0, ${more.join(", ")} | display strlen(x8) as n`,
      eventsOf([""]),
    );
    expect(rows).toEqual([{ n: "655360" }]);
    expect((await ask(`fields '0123456789' as x0, ${more.join(", ")} | display x9`, eventsOf([""]))).rows).toEqual([
      {},
    ]);
  });
});

describe("runQuery(), commands", () => {
  test("shows time and message of all events, newest first, when nothing is said", async () => {
    const { rows, columns, statistics } = await ask("", RECORDS);
    expect(rows.map((row) => row["@timestamp"])).toEqual([
      "2026-11-20 12:00:00.000",
      "2026-11-20 11:59:00.000",
      "2026-11-20 11:58:00.000",
      "2026-11-20 11:57:00.000",
    ]);
    expect(columns).toEqual(["@timestamp", "@message", "@ptr"]);
    expect(statistics).toMatchObject({ recordsScanned: 4, recordsMatched: 4 });
  });

  test.each<[query: string, rows: readonly object[]]>([
    [
      "fields n | fields eventName | filter n > 1",
      [
        { n: "2", eventName: "DeleteObject" },
        { n: "3", eventName: "GetObject" },
      ],
    ],
    ["fields n, n as m | display m | filter n = 1", [{ m: "1" }]],
    ["filter ispresent(error) | fields user.arn, nothing", [{ "user.arn": "arn:a" }]],
    ["filter resources.0.type = 'bucket' | display n", [{ n: "3" }]],
    ["filter dotted.name = 'x' | display n", [{ n: "1" }]],
    ["filter @message like 'ERROR' | display @logStream", [{ "@logStream": "stream-1" }]],
    ["filter @message like /(?i)error/ and @message not like /Denied/ | display n", [{}]],
    ["filter eventName =~ /^(Get|Put)Object$/ | display n | sort n asc", [{ n: "1" }, { n: "3" }]],
    ["filter eventName not like 'Object' | display n", [{}]],
    ["filter size > 9 | display n", [{ n: "3" }]],
    ['FILTER eventName in ["PutObject", "x"] # a comment | display m\n| display n', [{ n: "1" }]],
    [
      "parse @message 'user=*, id=* [*]' as who, id, level | filter id > 1 | display who, id, level",
      [{ who: "bob", id: "17", level: "ERROR" }],
    ],
    ["parse 'took *s' as seconds | filter ispresent(seconds) | display seconds * 2 as double", [{ double: "3" }]],
    ["parse @message /user=(?<who>\\w+), id=(?<id>\\d+)/ | filter who = 'bob' | display id", [{ id: "17" }]],
    ["parse user.arn /arn:(.)/ as letter | filter letter = 'b' | display n", [{ n: "1" }]],
    ["display n | sort n desc | limit 2", [{ n: "3" }, { n: "2" }]],
    [
      "filter ispresent(n) | sort user.arn, n desc | display user.arn, n",
      [
        { "user.arn": "arn:a", n: "3" },
        { "user.arn": "arn:a", n: "2" },
        { "user.arn": "arn:b", n: "1" },
      ],
    ],
    ["display n | sort @timestamp asc | head 1", [{ n: "3" }]],
    ["display n | sort @timestamp asc | tail 2", [{ n: "2" }, {}]],
    [
      "filter ispresent(n) | display n, user.arn | dedup user.arn",
      [
        { n: "2", "user.arn": "arn:a" },
        { n: "1", "user.arn": "arn:b" },
      ],
    ],
    ["display n | dedup error", [{}, { n: "2" }, { n: "1" }, { n: "3" }]],
    ["stats count(*)", [{ "count(*)": "4" }]],
    [
      "stats count(*), count(n), sum(n) as s, avg(n), min(n), max(n) by 1 as one",
      [{ one: "1", "count(*)": "4", "count(n)": "3", s: "6", "avg(n)": "2", "min(n)": "1", "max(n)": "3" }],
    ],
    [
      "stats count(*) as c by user.arn | sort c desc, user.arn | filter c < 2 or user.arn = 'arn:a'",
      [{ "user.arn": "arn:a", c: "2" }, { c: "1" }, { "user.arn": "arn:b", c: "1" }],
    ],
    ["stats max(n) - min(n) as range, count_distinct(user.arn) as users", [{ range: "2", users: "2" }]],
    [
      "stats stddev(n) ^ 2 * 3 as v, pct(n, 50) as p, median(n) as m, pct(n, 100) as q",
      [{ v: "2", p: "2", m: "2", q: "3" }],
    ],
    [
      "stats earliest(eventName) as e, latest(eventName) as l, sortsFirst(eventName) as f, sortsLast(eventName) as z",
      [{ e: "GetObject", l: "DeleteObject", f: "DeleteObject", z: "PutObject" }],
    ],
    [
      "stats count(*) by bin(2m) | sort `bin(2m)` asc",
      [
        { "bin(2m)": "2026-11-20 11:56:00.000", "count(*)": "1" },
        { "bin(2m)": "2026-11-20 11:58:00.000", "count(*)": "2" },
        { "bin(2m)": "2026-11-20 12:00:00.000", "count(*)": "1" },
      ],
    ],
    [
      "stats count( * ) by eventName | sort count( * ) desc, eventName desc | limit 1 | display eventName",
      [{ eventName: "PutObject" }],
    ],
    [
      "stats count(*) as c by bin( 2m ) | sort bin( 2m ) asc | limit 1",
      [{ "bin( 2m )": "2026-11-20 11:56:00.000", c: "1" }],
    ],
    ["stats sum(n) as s by user.arn as who | stats max(s) as top", [{ top: "5" }]],
    ["stats sum(missing) as s, avg(missing) as a, min(missing) as m, count(missing) as c", [{ c: "0" }]],
    ["filter n > 100 | stats count(*)", []],
  ])("%s", async (query, rows) => {
    expect((await ask(query, RECORDS)).rows).toEqual(rows);
  });

  test("keeps the columns in order, groups before aggregates", async () => {
    const { columns } = await ask("filter n = 1 | stats sum(n) as s, count(*) by user.arn, bin(1h) as t", RECORDS);
    expect(columns).toEqual(["user.arn", "t", "s", "count(*)"]);
  });

  test("sorts what is not a number before numbers, and digits inside of texts as numbers", async () => {
    const names = [
      "111A",
      "a12345hfh",
      "7",
      "2345_",
      "@_",
      "0",
      "5A",
      "#",
      "A9876fghj",
      "10",
      "0#",
      "@",
      "!",
      "*%04",
      "A",
    ];
    const { rows } = await ask("sort v asc | display v", eventsOf(names.map((v) => ({ v }))));
    expect(rows.map(({ v }) => v)).toEqual([
      "!",
      "#",
      "*%04",
      "0#",
      "5A",
      "111A",
      "2345_",
      "@",
      "@_",
      "A",
      "A9876fghj",
      "a12345hfh",
      "0",
      "7",
      "10",
    ]);
  });

  test("stops reading once the rows are sure", async () => {
    const many = eventsOf(Array.from({ length: 1000 }, (_, n) => ({ n })));
    const first = await ask("fields n | sort @timestamp desc | limit 3", many);
    expect(first.rows).toEqual([{ n: "999" }, { n: "998" }, { n: "997" }]);
    expect(first.statistics?.recordsScanned).toBe(3);
    const all = await ask("fields n | filter n >= 500 | sort n desc | limit 3", many);
    expect(all.statistics).toMatchObject({ recordsScanned: 1000, recordsMatched: 500 });
    expect((await ask("fields n", many, { rowsMax: 7 })).rows).toHaveLength(7);
  });

  test.each(["stats count(*) by n", "sort n asc | filter n > 3", "dedup n", "stats count_distinct(n)", "tail 1000"])(
    "%s says so when it would keep too much",
    async (query) => {
      const many = eventsOf(Array.from({ length: 5000 }, (_, n) => ({ n, text: "x".repeat(100) })));
      await expect(ask(query, many, { memoryMax: 200_000 })).rejects.toThrow(QueryFailure);
    },
  );

  test("sorts as many rows as are shown, however large their messages are", async () => {
    const many = eventsOf(Array.from({ length: 500 }, (_, n) => ({ n: (n * 7) % 500, text: "x".repeat(2_000) })));
    const numbers = Array.from({ length: 500 }, (_, n) => ({ n: String(n) }));
    const limits = { memoryMax: 500_000 };
    expect((await ask("display n | sort n asc", many, limits)).rows).toEqual(numbers);
    expect((await ask("display n | sort n asc | tail 300", many, limits)).rows).toEqual(numbers.slice(200));
    const whole = await ask("display n, @message | sort n asc | limit 60", many, limits);
    expect(whole.rows.map(({ n }) => ({ n }))).toEqual(numbers.slice(0, 60));
    expect(whole.rows[0]?.["@message"]).toContain('"n":0');
  });

  test.each([
    ["fields jsonParse(t) as j | sort n asc | display j.a", "1"],
    ["sort n asc | fields jsonParse(t) as j | display j.a", "1"],
    ["sort n asc | parse t /(?<j>1)/ | display j", "1"],
    ["sort n asc | fields n + 1 as n | display n", "8"],
    ["sort n asc | display j.a", "own"],
    ["sort n asc | stats latest(bin(1h)) as x", "2026-11-20 12:00:00.000"],
    ["sort n asc | stats earliest(n) as x", "7"],
  ])("%s knows behind a sort what it needs", async (query, value) => {
    const { rows } = await ask(query, eventsOf([{ n: 7, t: '{"a":1}', j: { a: "own" } }]));
    expect(rows.map((row) => Object.values(row))).toEqual([[value]]);
  });

  test("keeps equal rows in the order in which they came, with and without a limit", async () => {
    const event = fc.record({ k: fc.constantFrom("a", "a1", "a10", 1, 2), i: fc.nat() });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 40 }), fc.integer({ min: 1, max: 45 }), async (events, limit) => {
        const all = (await ask("display k, i | sort k desc", eventsOf(events))).rows;
        const kinds = ["2", "1", "a10", "a1", "a"];
        const plain = events
          .toReversed()
          .toSorted((one, other) => kinds.indexOf(String(one.k)) - kinds.indexOf(String(other.k)))
          .map(({ k, i }) => ({ k: String(k), i: String(i) }));
        expect(all).toEqual(plain);
        expect((await ask(`display k, i | sort k desc | limit ${limit}`, eventsOf(events))).rows).toEqual(
          plain.slice(0, limit),
        );
      }),
      { numRuns: 60 },
    );
  });

  test("says so when functions would take seconds for one message", async () => {
    const events = eventsOf(["x".repeat(300_000)]);
    const swapped = (count: number): string => "| fields replace(a, 'x', 'x') as a ".repeat(count);
    expect((await ask(`fields @message as a ${swapped(20)} | display strlen(a) as n`, events)).rows).toEqual([
      { n: "300000" },
    ]);
    const nested = `${"toupper(".repeat(50)}a${")".repeat(50)}`;
    await expect(ask(`fields @message as a | fields ${nested}, ${nested} as b`, events)).rejects.toThrow(QueryFailure);
    await expect(ask(`fields @message as a | filter ${nested} = 1`, events)).resolves.toBeDefined();
  });

  test.each([
    ["while events come", "filter 1 = 1"],
    ["after they were sorted", "sort @logStream"],
    ["after the last ones were taken", "tail 50"],
    ["after they were grouped", "stats count(*) by @timestamp"],
  ])("lets others have their turn when functions make large texts, %s", async (_, command) => {
    const events = eventsOf(Array.from({ length: 20 }, () => ""));
    let turns = 0;
    let running = true;
    const count = (): void => {
      turns++;
      if (running) setImmediate(count);
    };
    setImmediate(count);
    const text = "x".repeat(8_000);
    const large = `replace(replace('${text}', 'x', '${"x".repeat(60)}'), 'x', 'yy')`;
    const { rows } = await ask(`${command} | fields strlen(${large}) as n`, events);
    running = false;
    expect(rows).toHaveLength(20);
    expect(turns).toBeGreaterThan(5);
  });

  test("says so when an expression would take seconds for one message", async () => {
    const [long] = eventsOf(["ab".repeat(200_000)]);
    const query = "filter @message like /[ab]*a[ab]{240}c/";
    await expect(ask(query, long === undefined ? [] : [long])).rejects.toThrow(QueryFailure);
    expect((await ask("filter @message like /[ab]*c/", long === undefined ? [] : [long])).rows).toEqual([]);
  });

  test("a sort with a limit keeps little, however much it reads", async () => {
    const many = eventsOf(Array.from({ length: 5000 }, (_, n) => ({ n: (n * 7919) % 5000 })));
    const { rows } = await ask("sort n asc | limit 3 | display n", many, { memoryMax: 20_000 });
    expect(rows).toEqual([{ n: "0" }, { n: "1" }, { n: "2" }]);
  });

  test("pct() stays within half a percent of the truth when there are many values", async () => {
    const many = eventsOf(Array.from({ length: 12_000 }, (_, n) => ({ n: n - 1000 })));
    const [row] = (await ask("stats pct(n, 99) as high, pct(n, 1) as low, pct(n, 50) as middle", many)).rows;
    for (const [name, exact] of [
      ["high", 10_879],
      ["low", -881],
      ["middle", 4999],
    ] as const) {
      expect(Math.abs(Number(row?.[name]) / exact - 1)).toBeLessThan(0.0051);
    }
  });

  test("agrees with plain JavaScript on groups", async () => {
    const event = fc.record({ k: fc.constantFrom("a", "b", "c"), n: fc.integer({ min: -5, max: 5 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 30 }), async (events) => {
        const { rows } = await ask(
          "filter n != 0 | stats count(*) as c, sum(n) as s by k | sort k asc",
          eventsOf(events),
        );
        const groups = Object.groupBy(
          events.filter(({ n }) => n !== 0),
          ({ k }) => k,
        );
        const expected = Object.entries(groups)
          .toSorted(([one], [other]) => (one < other ? -1 : 1))
          .map(([k, of]) => ({ k, c: String(of.length), s: String(of.reduce((sum, { n }) => sum + n, 0)) }));
        expect(rows).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });
});
