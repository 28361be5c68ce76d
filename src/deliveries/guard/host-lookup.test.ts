import { describe, expect, test } from "vitest";
import { openHostLookup } from "./host-lookup.ts";

const ONE = [{ address: "192.0.2.1", family: 4 }];

function open() {
  let elapsed = 0;
  const asked: { host: string; answer: (addresses: typeof ONE) => void; fail: (error: Error) => void }[] = [];
  const lookup = openHostLookup({ now: () => elapsed, elapsed: () => elapsed }, (host) => {
    const { promise, resolve, reject } = Promise.withResolvers<typeof ONE>();
    asked.push({ host, answer: resolve, fail: reject });
    return promise;
  });
  return { lookup, asked, pass: (ms: number) => (elapsed += ms) };
}

/** Whatever can go on has gone on. */
const settle = (): Promise<void> => new Promise((done) => setImmediate(done));

describe("HostLookup", () => {
  test("asks once for all who ask at the same time, and for a while after", async () => {
    const { lookup, asked, pass } = open();
    const answers = [lookup("a"), lookup("a")];
    asked[0]?.answer(ONE);
    expect(await Promise.all(answers)).toEqual([ONE, ONE]);
    pass(20_000);
    expect(await lookup("a")).toEqual(ONE);
    expect(asked).toHaveLength(1);
  });

  test("answers what it knows while it asks anew, and survives that nobody answers", async () => {
    const { lookup, asked, pass } = open();
    const first = lookup("a");
    asked[0]?.answer(ONE);
    await first;
    pass(60_000);
    expect(await lookup("a")).toEqual(ONE);
    asked[1]?.fail(new Error("no answer"));
    await settle();
    expect(await lookup("a")).toEqual(ONE);
    pass(600_000);
    const late = lookup("a");
    asked.at(-1)?.fail(new Error("no answer"));
    await expect(late).rejects.toThrow("no answer");
  });

  test("resolves two names at once", async () => {
    const { lookup, asked } = open();
    const answers = ["a", "b", "c", "d"].map(lookup);
    await settle();
    expect(asked.map(({ host }) => host)).toEqual(["a", "b"]);
    asked[1]?.answer(ONE);
    await settle();
    asked[0]?.answer(ONE);
    await settle();
    expect(asked.map(({ host }) => host)).toEqual(["a", "b", "c", "d"]);
    for (const { answer } of asked) answer(ONE);
    expect(await Promise.all(answers)).toHaveLength(4);
  });
});
