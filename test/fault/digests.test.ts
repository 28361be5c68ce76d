import fc from "fast-check";
import type { Kysely, Transaction } from "kysely";
import { describe, expect, test } from "vitest";
import type { IntegritySchema } from "../../src/integrity/index.ts";
import { DigestRig, HOME, HOUR_MS, keySource, type Loss, START, TRAIL } from "../../src/integrity/testing.ts";

const keys = keySource(6);

/** The writes that make a digest, by the statement that tells them from others. */
const WRITES = {
  "new key": "insertInto digest_keys",
  decision: "insertInto digests",
  delivery: "updateTable digests",
} as const;

type Write = keyof typeof WRITES;

/** Tables whose transactions of one kind fail, `times` times; `struck` hears of it. */
function failing(
  tables: Kysely<IntegritySchema>,
  { write, loss, times, struck }: { write: Write; loss: Loss; times: number; struck?: () => void },
): Kysely<IntegritySchema> {
  let left = times;
  const strikes = (kind: Loss, seen: ReadonlySet<string>): void => {
    if (kind !== loss || !seen.has(WRITES[write]) || left === 0) return;
    left -= 1;
    struck?.();
    throw new Error(`${write} ${loss}`);
  };
  const execute = async <Answer>(work: (transaction: Transaction<IntegritySchema>) => Promise<Answer>) => {
    const seen = new Set<string>();
    const answer = await tables.transaction().execute(async (transaction) => {
      const inner = await work(watched(transaction, (statement) => seen.add(statement)));
      strikes("not written", seen);
      return inner;
    });
    strikes("written, reply lost", seen);
    return answer;
  };
  return new Proxy(tables, {
    get: (target, name) => {
      if (name === "transaction") return () => ({ execute });
      const member = Reflect.get(target, name, target) as unknown;
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
}

function watched<Target extends object>(target: Target, saw: (statement: string) => void): Target {
  return new Proxy(target, {
    get: (inner, name) => {
      const member = Reflect.get(inner, name, inner) as unknown;
      if (typeof member !== "function") return member;
      return (...args: unknown[]): unknown => {
        saw(`${String(name)} ${String(args[0])}`);
        return Reflect.apply(member, inner, args) as unknown;
      };
    },
  });
}

/** Two files and three windows, through whatever happens on the way. */
async function threeWindows(rig: DigestRig, between: (window: number) => Promise<void>): Promise<void> {
  await rig.change();
  for (let window = 0; window < 3; window += 1) {
    rig.clock.pass(5000);
    if (window < 2) await rig.deliver();
    rig.clock.set(START + (window + 1) * HOUR_MS + 1000);
    await between(window);
  }
  rig.clock.pass(60_000);
  await rig.settle();
}

async function expectWhole(rig: DigestRig): Promise<void> {
  const [chain, ...others] = await rig.chains();
  expect(others).toEqual([]);
  expect(chain?.digests.map(({ files }) => files.join())).toEqual(["log-0", "log-1", ""]);
  expect(await rig.tables.selectFrom("digest_files").selectAll().execute()).toEqual([]);
  const rows = await rig.tables.selectFrom("digests").selectAll().execute();
  expect(rows.map(({ bytes, put, error, delivered_at }) => [bytes, put, error, delivered_at !== null])).toEqual(
    Array(3).fill([null, null, null, true]),
  );
  await rig.close();
}

describe.each<Loss>(["not written", "written, reply lost"])("digests, %s", (loss) => {
  describe.each(Object.keys(WRITES) as Write[])("at the %s", (write) => {
    const windows = write === "new key" ? [0] : [0, 1, 2];

    test.each(windows)("of window %d, then a crash: each file in one digest, one chain", async (broken) => {
      const rig = await DigestRig.open(keys());
      let strikes = 0;
      const struck = (): void => void (strikes += 1);
      await threeWindows(rig, async (window) => {
        if (window === broken) {
          rig.openAgain((tables) => failing(tables, { write, loss, times: Infinity, struck }));
          await rig.settle().catch(() => undefined);
        }
        rig.openAgain();
        await rig.settle();
      });
      expect(strikes).toBeGreaterThan(0);
      await expectWhole(rig);
    });

    test("again and again, and no crash: each file in one digest, one chain", async () => {
      const rig = await DigestRig.open(keys());
      let strikes = 0;
      const struck = (): void => void (strikes += 1);
      // What landed is not written again, whatever was told of it.
      const times = loss === "not written" ? 2 : 1;
      await threeWindows(rig, async () => {
        rig.openAgain((tables) => failing(tables, { write, loss, times, struck }));
        for (let round = 0; round < 6; round += 1) {
          await rig.settle().catch(() => undefined);
          rig.clock.pass(1000);
        }
      });
      expect(strikes).toBe(write === "new key" ? times : 3 * times);
      await expectWhole(rig);
    });
  });

  test.each([
    ["and no crash", false],
    ["then a crash", true],
  ])("at the put of each window, %s: the same bytes under the same name", async (_, crash) => {
    const rig = await DigestRig.open(keys());
    await threeWindows(rig, async () => {
      rig.buckets.fail("logs", loss, 2);
      await rig.settle();
      if (crash) rig.openAgain();
      rig.clock.pass(10_000);
      await rig.settle();
      rig.clock.pass(10_000);
      await rig.settle();
    });
    const puts = [...rig.buckets.objects.values()].map((object) => object.puts);
    expect(puts).toEqual(Array(3).fill(loss === "not written" ? 1 : 3));
    await expectWhole(rig);
  });
});

/** Tables that let something else happen first, once, before a transaction begins. */
function overtaken(tables: Kysely<IntegritySchema>, by: () => Promise<unknown>): Kysely<IntegritySchema> {
  let happened = false;
  const execute = async <Answer>(work: (transaction: Transaction<IntegritySchema>) => Promise<Answer>) => {
    if (!happened) {
      happened = true;
      await by();
    }
    return await tables.transaction().execute(work);
  };
  return new Proxy(tables, {
    get: (target, name) => {
      if (name === "transaction") return () => ({ execute });
      const member = Reflect.get(target, name, target) as unknown;
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
}

describe("a digest that is overtaken while it is signed", () => {
  /** Lets `by` happen between the reading and the storing of what is decided after `before`. */
  async function race(
    before: (rig: DigestRig) => Promise<void>,
    by: (rig: DigestRig) => Promise<unknown>,
  ): Promise<readonly string[]> {
    const rig = await DigestRig.open(keys());
    await rig.change();
    await rig.passAndSettle(HOUR_MS + 1000);
    await rig.deliver();
    await before(rig);
    rig.openAgain((tables) => overtaken(tables, () => by(rig)));
    await rig.settle();
    await rig.passAndSettle(HOUR_MS + 1000);
    const chains = await rig.chains();
    await rig.close();
    return chains.flatMap(({ digests }) =>
      digests.map(({ place, starting, files }) => {
        const kind = place.includes("_backfill") ? "backfill" : starting ? "starting" : "normal";
        return [kind, ...files].join(" ");
      }),
    );
  }
  const stop = (rig: DigestRig): Promise<void> => rig.change({ logging: false, validating: false });
  const nextWindow = async (rig: DigestRig): Promise<void> => rig.clock.pass(HOUR_MS);
  const oneSecondAgo = { deliveredAt: START + 2 * HOUR_MS };

  test("by a file of its window: that one is late", async () => {
    expect(await race(nextWindow, (rig) => rig.deliver(oneSecondAgo))).toEqual([
      "starting",
      "normal log-0",
      "normal",
      "backfill log-1",
    ]);
  });

  test("by a file, when it is the last one: it is made anew", async () => {
    expect(await race(stop, (rig) => rig.deliver())).toEqual(["starting", "normal log-0 log-1"]);
  });

  test("by the trail's stop: the window is closed by the last digest", async () => {
    expect(await race(nextWindow, stop)).toEqual(["starting", "normal log-0"]);
  });

  test("by the trail's start, when it is the last one: the next run begins where it ends", async () => {
    expect(await race(stop, (rig) => rig.change())).toEqual(["starting", "normal log-0", "starting"]);
  });
});

const PARIS = { ...HOME, region: "eu-west-3" };

/** What may happen to a trail, its files, its bucket, its clock and the process. */
const happenings = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("deliver"),
        paris: fc.boolean(),
        late: fc.constantFrom(0, 0, 0, 3, 1e7),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("pass"),
        ms: fc.constantFrom(700, 60_000, HOUR_MS / 2, HOUR_MS, 3.3 * HOUR_MS),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("step"),
        ms: fc.constantFrom(-2.6 * HOUR_MS, -5000, 5000, 2.6 * HOUR_MS),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("stop") }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("start") }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("disable") }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("move"), bucket: fc.constantFrom("logs", "other") }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("break"),
        loss: fc.constantFrom<Loss>("not written", "written, reply lost"),
        times: fc.constantFrom(1, 3, Infinity),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("crash"),
        write: fc.constantFrom(...(Object.keys(WRITES) as Write[])),
        loss: fc.constantFrom<Loss>("not written", "written, reply lost"),
      }),
    },
  ),
  { maxLength: 40 },
);

describe("digests, whatever happens", () => {
  test("hold every file once, in chains that verify", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(happenings, async (all) => {
        const rig = await DigestRig.open(keys());
        const expected = new Set<string>();
        let trail = TRAIL;
        // What a stopped trail still delivers is older than the stop.
        let counts = true;
        await rig.change();
        for (const happening of all) {
          if (happening.kind === "deliver") {
            const { paris, late } = happening as { paris: boolean; late: number };
            const key = await rig.deliver({ deliveredAt: rig.clock.now() - late }, paris ? PARIS : HOME);
            if (counts) expected.add(key);
          } else if (happening.kind === "pass") rig.clock.pass((happening as { ms: number }).ms);
          else if (happening.kind === "step") rig.clock.set(rig.clock.now() + (happening as { ms: number }).ms);
          else if (happening.kind === "stop") trail = { ...trail, logging: false, validating: false };
          else if (happening.kind === "start") trail = { ...trail, logging: true, validating: true };
          else if (happening.kind === "disable") trail = { ...trail, validating: false };
          else if (happening.kind === "move") trail = { ...trail, bucket: (happening as { bucket: string }).bucket };
          else if (happening.kind === "break") {
            const { loss, times } = happening as { loss: Loss; times: number };
            rig.buckets.fail("logs", loss, times);
          } else {
            const { write, loss } = happening as { write: Write; loss: Loss };
            rig.openAgain((tables) => failing(tables, { write, loss, times: 1 }));
            await rig.settle().catch(() => undefined);
            rig.openAgain();
          }
          counts = trail.validating || (counts && !trail.logging);
          if (["stop", "start", "disable", "move"].includes(happening.kind)) await rig.change(trail);
          // Not everything is decided at once: what happens next may find a chain that waits.
          if (rig.clock.now() % 7 !== 0) await rig.settle();
        }
        rig.buckets.repair();
        await rig.change({ ...trail, logging: false, validating: false });
        await finish(rig);
        const digested = (await rig.chains()).flatMap(({ digests }) => digests.flatMap(({ files }) => files));
        expect(new Set(digested).size).toBe(digested.length);
        expect([...expected].filter((key) => !digested.includes(key))).toEqual([]);
        expect(await rig.tables.selectFrom("digest_files").selectAll().execute()).toEqual([]);
        await rig.close();
      }),
      { numRuns: 40 },
    );
  });
});

/** Until everything that is decided lies in its bucket and no chain goes on. */
async function finish(rig: DigestRig): Promise<void> {
  for (let round = 0; round < 20; round += 1) {
    for (const region of ["us-east-1", "eu-west-3"]) {
      await rig.digests.publicKeys(region, rig.clock.now(), rig.clock.now());
    }
    rig.clock.pass(60_000);
    await rig.settle();
  }
  const waiting = await rig.tables.selectFrom("digests").select("number").where("delivered_at", "is", null).execute();
  expect(waiting).toEqual([]);
}
