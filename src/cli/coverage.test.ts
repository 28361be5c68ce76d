import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runCommandLine } from "./command-line.fixture.ts";

let server: Server;
let url: string;
let answer: { status: number; text: string };
beforeEach(async () => {
  answer = { status: 200, text: METRICS };
  server = createServer((request, response) => {
    response.writeHead(request.url === "/metrics" ? answer.status : 404);
    response.end(answer.text);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => new Promise((closed) => server.close(closed)));

const METRICS = `
# TYPE opentrail_capture_seen_total counter
opentrail_capture_seen_total{kind="source",name="store"} 3
opentrail_capture_seen_total{kind="route",name="s3"} 12
opentrail_capture_recorded_total{kind="route",name="s3"} 10
opentrail_capture_recorded_total{kind="source",name="store"} 1
opentrail_capture_outcomes_total{kind="route",name="s3",outcome="ok"} 8
opentrail_capture_outcomes_total{kind="route",name="s3",outcome="denied"} 2
opentrail_capture_skipped_total{kind="source",name="store",reason="no time"} 2
opentrail_capture_lost_total{kind="route",name="s3"} 1
opentrail_capture_under_way{kind="route",name="s3"} 1
opentrail_capture_last_seen_seconds{kind="route",name="s3"} 1785585600
opentrail_capture_last_seen_seconds{kind="source",name="store"} 0
opentrail_capture_silent{kind="route",name="s3"} 1
opentrail_capture_habit_seconds{kind="route",name="s3"} 600
opentrail_capture_intents_open 0
process_cpu_seconds_total 1
`;

const run = (words: string, options?: Parameters<typeof runCommandLine>[1]) =>
  runCommandLine(`coverage --utc ${words}`.trim(), { env: { OPENTRAIL_CONSOLE_URL: url }, ...options });

describe("opentrail coverage", () => {
  test("prints a row for every route and source", async () => {
    expect(await run("")).toEqual({
      code: 0,
      err: "",
      out: [
        "NAME   KIND    STATE        SEEN  RECORDED  LOST  OK  DENIED  CLIENT ERR  SERVER ERR  REFUSED  UPSTREAM ERR  SKIPPED  UNDER WAY  LAST SEEN",
        "s3     route   silent       12    10        1     8   2       0           0           0        0             0        1          2026-08-01 12:00:00",
        "store  source  never heard  3     1         0     0   0       0           0           0        0             2        0          -",
        "",
      ].join("\n"),
    });
  });

  test("fits a narrow terminal", async () => {
    const { out } = await run("--no-color", { terminal: true, columns: 60, env: { OPENTRAIL_CONSOLE_URL: url } });
    expect(out.split("\n").every((line) => line.length <= 60)).toBe(true);
    expect(out).toContain("LOST");
  });

  test("prints JSON, one object a line", async () => {
    const { out } = await run("--json");
    expect(JSON.parse(out.split("\n")[0] ?? "")).toEqual({
      kind: "route",
      name: "s3",
      seen: 12,
      recorded: 10,
      outcomes: { ok: 8, denied: 2 },
      skipped: {},
      lost: 1,
      excluded: 0,
      underWay: 1,
      lastSeen: "2026-08-01T12:00:00.000Z",
      state: "silent",
      habitSeconds: 600,
    });
  });

  test("says so when there is nothing to cover", async () => {
    answer.text = "process_cpu_seconds_total 1\n";
    expect(await run("")).toMatchObject({
      code: 0,
      out: "",
      err: expect.stringContaining("neither routes nor sources"),
    });
  });

  test("lets nothing of a hostile server reach the terminal raw", async () => {
    answer.text = 'opentrail_capture_seen_total{kind="route",name="\u001b]0;x\u0007"} 1\n';
    for (const words of ["", "--json"]) expect((await run(words)).out).not.toContain("\u001b");
  });

  test("names what it could not read, and why", async () => {
    answer = { status: 503, text: "" };
    expect(await run("")).toEqual({
      code: 1,
      out: "",
      err: `opentrail coverage: read ${url}/metrics: the server answered 503\n`,
    });
    const gone = await run("--console-url http://127.0.0.1:1");
    expect(gone).toMatchObject({ code: 1, err: expect.stringContaining("http://127.0.0.1:1/metrics: ") });
  });

  test("refuses a console that is no URL", async () => {
    expect(await run("--console-url nowhere")).toMatchObject({ code: 2, err: expect.stringContaining("nowhere") });
  });
});
