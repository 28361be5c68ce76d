import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runCommandLine } from "./command-line.fixture.ts";
import { eventOf } from "./events.fixture.ts";
import { HistoryServer } from "./history-server.fixture.ts";

const NOW = Date.parse("2026-08-01T13:00:00Z");

let server: HistoryServer;
let endpoint: string;
let cwd: string;
beforeEach(async () => {
  server = new HistoryServer();
  endpoint = await server.listen();
  cwd = await mkdtemp(join(tmpdir(), "reconcile-"));
});
afterEach(async () => {
  await server.close();
  await rm(cwd, { recursive: true });
});

const run = (words: string, options: { readonly terminal?: boolean; readonly columns?: number } = {}) =>
  runCommandLine(`reconcile --utc ${words}`, { env: { AWS_ENDPOINT_URL: endpoint }, cwd, now: NOW, ...options });

/** A line of an access log: Mary gets a.pdf at noon. */
function line(id: string, { key = "a.pdf", time = "12:00:00", status = "200 -", bucket = "invoices" } = {}): string {
  return `owner ${bucket} [01/Aug/2026:${time} +0000] 192.0.2.7 arn:aws:iam::123456789012:user/mary ${id} REST.GET.OBJECT ${key} "GET /${key} HTTP/1.1" ${status} 9 9 5 4 "-" "aws-cli" - h= SigV4 - AuthHeader h TLSv1.3 - -\n`;
}

function record(requestID: string, members: Readonly<Record<string, unknown>> = {}) {
  return eventOf({
    eventID: `event-${requestID}`,
    eventSource: "s3.amazonaws.com",
    eventName: "GetObject",
    userIdentity: { type: "IAMUser", arn: "arn:aws:iam::123456789012:user/mary", accessKeyId: "AKIA" },
    requestParameters: { bucketName: "invoices", key: "a.pdf" },
    additionalEventData: { route: "s3" },
    requestID,
    ...members,
  });
}

describe("opentrail reconcile", () => {
  test("ends with 0 when both tell the same", async () => {
    server.events.push(record("R1"), record("R2"));
    await writeFile(join(cwd, "access.log"), line("R1") + line("R2"));
    expect(await run("--log access.log")).toEqual({
      code: 0,
      err: "",
      out: "2 calls in their log: 2 agree, 0 differ, 0 not recorded. 0 records not in their log.\n",
    });
  });

  test("lists what differs, and ends with 1", async () => {
    server.events.push(record("R1"), record("R3"), record("R4", { errorCode: "AccessDenied" }));
    await writeFile(
      join(cwd, "access.log"),
      line("R1") + line("R2", { key: "b%20c.pdf", time: "12:00:01" }) + line("R4"),
    );
    expect(await run("--log access.log")).toEqual({
      code: 1,
      err: "",
      out: [
        "DIFFERENCE    TIME                 CALL       BUCKET AND KEY    WHAT                             FROM       WHO                                  REQUEST ID",
        "differs       2026-08-01 12:00:00  GetObject  invoices/a.pdf    outcome: 200, here AccessDenied  192.0.2.7  arn:aws:iam::123456789012:user/mary  R4",
        "not logged    2026-08-01 12:00:00  GetObject  invoices/a.pdf    ok                               192.0.2.7  arn:aws:iam::123456789012:user/mary  R3",
        "not recorded  2026-08-01 12:00:01  GetObject  invoices/b c.pdf  200                              192.0.2.7  arn:aws:iam::123456789012:user/mary  R2",
        "",
        "3 calls in their log: 1 agree, 1 differ, 1 not recorded. 1 record not in their log.",
        "",
      ].join("\n"),
    });
  });

  test("prints differences as JSON, and the summary beside them", async () => {
    await writeFile(join(cwd, "access.log"), line("R1"));
    const { code, out, err } = await run("--log access.log --json");
    expect([code, err]).toEqual([
      1,
      "1 call in their log: 0 agree, 0 differ, 1 not recorded. 0 records not in their log.\n",
    ]);
    expect(JSON.parse(out)).toMatchObject({
      kind: "not recorded",
      log: { time: "2026-08-01T12:00:00.000Z", eventName: "GetObject", requestId: "R1", key: "a.pdf" },
    });
  });

  test("reads directories and packed files, and counts what is no call", async () => {
    server.events.push(record("R1"), record("R2"), record("R3"));
    await mkdir(join(cwd, "logs", "08"), { recursive: true });
    await writeFile(join(cwd, "logs", "08", "1.gz"), gzipSync(line("R1") + line("R2")));
    const own = line("R9").replace("REST.GET.OBJECT", "S3.EXPIRE.OBJECT");
    await writeFile(join(cwd, "logs", "2"), `${line("R3")}${own}what is this\n`);
    expect(await run("--log logs")).toMatchObject({
      code: 1,
      out: "3 calls in their log: 3 agree, 0 differ, 0 not recorded. 0 records not in their log. 1 line could not be read. 1 line about no call.\n",
    });
  });

  test("asks for the times of the log and a margin, for data events too", async () => {
    await writeFile(join(cwd, "access.log"), line("R1") + line("R2", { time: "12:10:00" }));
    await run("--log access.log");
    expect(server.bodies[0]).toMatchObject({
      LookupAttributes: [{ AttributeKey: "EventSource", AttributeValue: "s3.amazonaws.com" }],
      StartTime: Date.parse("2026-08-01T11:45:00Z") / 1000,
      EndTime: Date.parse("2026-08-01T12:25:00Z") / 1000,
      EventCategory: "all",
    });
  });

  test("compares only what was asked for: times, buckets, and a source instead of the gateway", async () => {
    server.events.push(
      record("R1"),
      record("R2", { requestParameters: { bucketName: "other", key: "a.pdf" } }),
      record("R3", { additionalEventData: { origin: { source: "ceph" } } }),
    );
    const log = line("R1") + line("R2", { bucket: "other" }) + line("R3") + line("R4", { time: "12:30:00" });
    await writeFile(join(cwd, "access.log"), log);
    const summary = async (words: string) => (await run(`--log access.log --json ${words}`)).err.split(".")[0];
    expect(await summary("")).toBe("4 calls in their log: 2 agree, 0 differ, 2 not recorded");
    expect(await summary("--bucket other")).toBe("1 call in their log: 1 agree, 0 differ, 0 not recorded");
    expect(await summary("--source ceph")).toBe("4 calls in their log: 1 agree, 0 differ, 3 not recorded");
    expect(await summary("--to 2026-08-01T12:10:00Z")).toBe("3 calls in their log: 2 agree, 0 differ, 1 not recorded");
    expect(await summary("--from 45m")).toBe("1 call in their log: 0 agree, 0 differ, 1 not recorded");
  });

  test("lets nothing of a hostile log or record reach the terminal raw", async () => {
    const hostile = "\u001b]0;owned\u0007\u202e";
    server.events.push(record("R2", { requestParameters: { bucketName: "invoices", key: hostile } }));
    await writeFile(join(cwd, "access.log"), line("R1", { key: hostile }));
    for (const words of ["--log access.log --no-color", "--log access.log --json"]) {
      const { out } = await run(words, { terminal: true, columns: 100 });
      expect(out.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      expect(out.split("\n").length).toBeLessThan(8);
    }
  });

  test.each([
    ["no log", "", "required option '--log <path...>' not specified"],
    ["a log that is not there", "--log nowhere", "opentrail reconcile: there is no nowhere"],
    [
      "a log that is none",
      "--log other.txt",
      "other.txt has no line of an S3 server access log that was asked for; 1 line",
    ],
    ["a time that is none", "--log access.log --from soon", "--from soon is no time"],
    ["an end before the beginning", "--log access.log --from 1h --to 2h", "--from is later than --to"],
    ["a window that is none", "--log access.log --window wide", "0 to 3600 seconds"],
  ])("refuses %s", async (_, words, message) => {
    await writeFile(join(cwd, "access.log"), line("R1"));
    await writeFile(join(cwd, "other.txt"), "hello\n");
    expect(await run(words)).toMatchObject({ code: 2, err: expect.stringContaining(message) });
  });

  test("says so when a log cannot be read to its end", async () => {
    await writeFile(join(cwd, "access.log.gz"), gzipSync(line("R1")).subarray(0, 30));
    expect(await run("--log access.log.gz")).toMatchObject({
      code: 1,
      err: expect.stringContaining("access.log.gz: "),
    });
  });

  test("has a help that names its exit codes", async () => {
    const { out } = await run("--help");
    expect(out).toContain("Exit codes: 0 both tell the same, 1 they differ");
    expect(out).toContain("Examples:");
  });
});
