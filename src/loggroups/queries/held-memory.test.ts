import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { parseQuery } from "./parse-query.ts";
import type { QueryEvent } from "./row.ts";
import { type ResultRow, runQuery } from "./run-query.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const MESSAGE_CHARS = 100_000;
const EVENTS = 400;

async function* events(): AsyncGenerator<readonly QueryEvent[]> {
  for (let n = 0; n < EVENTS; n++) {
    const message = `request-${n}-with-an-id! ${"x".repeat(MESSAGE_CHARS)}${n}`;
    yield [{ timestamp: n, message, ingestionTime: n, stream: "s", log: "l", ptr: "p" }];
  }
}

test.each([
  "display id",
  "stats count(*) by id",
  "stats latest(id) by @timestamp",
  "stats sortsFirst(id) by @timestamp",
  "stats count_distinct(id)",
])("runQuery() of a part of each message, %s, does not keep the messages", async (rest) => {
  const kept: ResultRow[] = [];
  let most = 0;
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  await runQuery(
    parseQuery(`parse @message '*!' as id | ${rest}`, 0),
    events(),
    (row) => {
      kept.push(row);
      if (kept.length !== 1 && kept.length !== EVENTS) return;
      collectGarbage();
      most = Math.max(most, process.memoryUsage().heapUsed - before);
    },
    { rowsMax: EVENTS, memoryMax: 1 << 20 },
    { signal: new AbortController().signal, onProgress: () => undefined },
  );
  expect(kept.length).toBeGreaterThan(0);
  expect(most).toBeLessThan((EVENTS * MESSAGE_CHARS) / 4);
});
