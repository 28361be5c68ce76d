import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { allRecords, type Caller, callerOf, healthOf, recordsNamed, signedRequest } from "../calls.ts";
import { RawSocket } from "../raw-socket.ts";
import { readJournal } from "../read-journal.ts";
import { failToStart, readCredentials, startServer, type TestServer } from "../server.ts";

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "opentrail-operations-"));
  directories.push(directory);
  return directory;
}

describe("a running server", () => {
  let server: TestServer;
  let call: Caller;
  beforeAll(async () => {
    server = await startServer();
    call = callerOf(server);
  });
  afterAll(() => server.stop());

  test("says when it is ready, where it listens, and how to go on", () => {
    expect(server.ready).toMatch(/^OpenTrail \d+\.\d+\.\d+ is ready after \d+\.\d\d s\.\n/);
    expect(server.ready).toContain(`AWS API  ${server.endpoint}\n`);
    expect(server.ready).toContain(`Health   ${server.status}/healthz`);
    expect(server.ready).toContain(`Data     ${server.dataDirectory}\n`);
    const credentials = join(server.dataDirectory, "root-credentials");
    expect(server.ready).toContain(`AWS_SHARED_CREDENTIALS_FILE=${credentials} AWS_PROFILE=opentrail-root\n`);
  });

  test("keeps its key and root's credentials to its owner", () => {
    const modeOf = (name: string): number => statSync(join(server.dataDirectory, name)).mode & 0o777;
    expect(modeOf("secret.key")).toBe(0o600);
    expect(modeOf("root-credentials")).toBe(0o600);
  });

  test("tells its health in figures that fit", async () => {
    await call("iam", "ListUsers");
    expect(await healthOf(server)).toEqual({
      status: 200,
      body: {
        ok: true,
        uptimeSeconds: expect.any(Number),
        journal: { writable: true, head: 1 },
        history: { visible: 1 },
        tables: { writable: true },
        unrecordedCalls: 0,
        gateway: {
          intents: { records: 0, bytes: expect.any(Number) },
          spool: { records: 0, bytes: expect.any(Number), ageMs: 0 },
          queue: { records: 0, bytes: 0 },
        },
        trails: { lagRecords: expect.any(Number), pendingFiles: 0, deliveredFiles: 0 },
        notifications: {
          rules: {
            place: expect.any(Number),
            lagRecords: expect.any(Number),
            rules: 8,
            matched: 0,
            loopsBroken: 0,
            skipped: 0,
          },
          deliveries: { pending: 0, inFlight: 0, delivered: 0, failed: 0, attempts: 0, deadLettered: 0 },
          alarms: { alarms: 0, inAlarm: 0, judged: 0, changes: 0, failures: 0 },
        },
      },
    });
  });

  test("tells Prometheus of calls, refusals, commits and the reader's lag", async () => {
    await call("iam", "GetUser", { UserName: "nobody" });
    const text = await (await fetch(`${server.status}/metrics`)).text();
    const { head } = (await healthOf(server)).body.journal;
    expect(text).toMatch(/^opentrail_api_call_seconds_count\{service="iam"\} 2$/m);
    expect(text).toMatch(/^opentrail_api_refused_total\{code="NoSuchEntity"\} 1$/m);
    expect(text).toMatch(new RegExp(`^opentrail_journal_records_total ${head}$`, "m"));
    expect(text).toMatch(new RegExp(`^opentrail_journal_head ${head}$`, "m"));
    expect(text).toMatch(/^opentrail_journal_commit_seconds_count [1-9]/m);
    expect(text).toMatch(/^opentrail_journal_writable 1$/m);
    expect(text).toMatch(/^opentrail_history_lag_records 0$/m);
    expect(text).toMatch(/^opentrail_unrecorded_calls 0$/m);
  });

  test.each([
    ["GET", "/healthz", 200],
    ["HEAD", "/healthz", 200],
    ["GET", "/metrics", 200],
    ["GET", "/healthz?verbose", 200],
    ["GET", "/nothing", 404],
    ["POST", "/healthz", 404],
  ])("answers %s %s on the console port with %d", async (method, path, status) => {
    expect((await fetch(`${server.status}${path}`, { method })).status).toBe(status);
  });

  test("keeps others from its data directory, and goes on", async () => {
    const { code, said } = await failToStart({ dataDirectory: server.dataDirectory });
    expect(code).toBe(1);
    expect(said).toContain(`opentrail: directory ${server.dataDirectory} is in use by another process`);
    expect((await call("sts", "GetCallerIdentity")).status).toBe(200);
  });

  test.each(["--api", "--console"])("keeps others from its address (%s)", async (flag) => {
    const address = new URL(flag === "--api" ? server.endpoint : server.status).host;
    const { code, said } = await failToStart({ dataDirectory: newDirectory(), flags: [flag, address] });
    expect(code).toBe(1);
    expect(said).toContain(`opentrail: listen on ${address}: `);
    expect(said).toContain("EADDRINUSE");
  });
});

test.each([
  [["--accounts", "12345"], "--accounts: 12345 is not an account id of 12 digits"],
  [["--api", "nowhere"], "--api: nowhere is not HOST:PORT"],
  [["--api", "192.0.2.1:0"], "listen on 192.0.2.1:0: "],
])("`opentrail up %j` is refused with a reason", async (flags, reason) => {
  const { code, said } = await failToStart({ dataDirectory: newDirectory(), flags });
  expect(code).toBe(1);
  expect(said).toContain(reason);
});

describe("SIGTERM", () => {
  /** Request ids of the calls that were answered, until the server takes no more. */
  async function callUntilGone(call: Caller, answered: Set<string>): Promise<void> {
    try {
      for (;;) answered.add((await call("iam", "ListUsers", { MaxItems: 1 })).requestId);
    } catch {
      // The server is gone: what matters is that it answered everything it recorded.
    }
  }

  test("under load answers every call that it began, records no other, and ends with 0", async () => {
    const dataDirectory = newDirectory();
    const server = await startServer({ dataDirectory });
    const answered = new Set<string>();
    const clients = Array.from({ length: 16 }, () => callUntilGone(callerOf(server), answered));
    await sleep(500);
    expect(await server.stop()).toBe(0);
    await Promise.all(clients);
    const { texts } = await readJournal(dataDirectory);
    const recorded = texts.map((text) => (JSON.parse(text) as { requestID: string }).requestID);
    expect(recorded.length).toBeGreaterThan(50);
    expect(new Set(recorded)).toEqual(answered);
    expect(server.log()).not.toMatch(/"level":(40|50)/);
  });

  test("lets a request that is half here arrive and answers it, while new connections are refused", async () => {
    const server = await startServer();
    const { method, path, headers, body } = signedRequest(server.endpoint, server.root, "sts", "GetCallerIdentity");
    const lines = Object.entries(headers).map(([name, values]) => `${name}: ${(values ?? []).join(", ")}`);
    const head = [`${method} ${path} HTTP/1.1`, ...lines, `content-length: ${body.length}`].join("\r\n");
    const half = await RawSocket.open(server.endpoint);
    await half.write(`${head}\r\n\r\n`);
    await half.write(body.subarray(0, 5));
    const idle = await RawSocket.open(server.endpoint);
    await sleep(100);
    const stopped = server.stop();
    await idle.ended();
    await expect(RawSocket.open(server.endpoint)).rejects.toThrow(/ECONNREFUSED/);
    expect((await fetch(`${server.status}/healthz`)).status).toBe(200);
    await half.write(body.subarray(5));
    const answer = await half.answer();
    expect(answer?.status).toBe(200);
    expect(answer?.headers.get("connection")).toBe("close");
    expect(await stopped).toBe(0);
  });

  test("does not wait for ever for a request that does not arrive, and records that too", async () => {
    const dataDirectory = newDirectory();
    const server = await startServer({ dataDirectory });
    const half = await RawSocket.open(server.endpoint);
    await half.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf");
    await sleep(100);
    expect(await server.stop()).toBe(0);
    const { texts } = await readJournal(dataDirectory);
    expect(texts.map((text) => (JSON.parse(text) as { errorCode: string }).errorCode)).toEqual(["IncompleteBody"]);
  });

  test.each(["SIGTERM", "SIGINT"] as const)("and %s again is not more than once", async (again) => {
    const server = await startServer();
    await callerOf(server)("iam", "ListUsers");
    server.process.kill("SIGTERM");
    server.process.kill(again);
    expect(await server.stop()).toBe(0);
    expect(server.log().match(/"msg":"stopping/g)).toHaveLength(1);
  });
});

test("calls above the limit are throttled, in each protocol's words, and recorded", async () => {
  const dataDirectory = newDirectory();
  const server = await startServer({ dataDirectory, flags: ["--limits-calls-per-second", "5"] });
  const told = await Promise.all([
    ...Array.from({ length: 15 }, () => callerOf(server)("cloudtrail", "ListPublicKeys")),
    ...Array.from({ length: 15 }, () => callerOf(server)("iam", "ListUsers")),
  ]);
  await server.stop();
  const throttled = told.filter(({ code }) => code !== "");
  expect(throttled.length).toBeGreaterThan(15);
  expect(new Set(throttled.map(({ code, status }) => `${status} ${code}`))).toEqual(
    new Set(["400 ThrottlingException", "400 Throttling"]),
  );
  const again = await startServer({ dataDirectory });
  const records = await allRecords(callerOf(again));
  const recorded = records.filter(({ errorCode }) => errorCode?.startsWith("Throttling"));
  expect(new Set(recorded.map(({ requestID }) => requestID))).toEqual(new Set(throttled.map((each) => each.requestId)));
  expect(recorded.every(({ userIdentity }) => userIdentity["type"] === "Root")).toBe(true);
  await again.stop();
});

describe("two accounts", () => {
  const [ONE, TWO] = ["111111111111", "222222222222"];
  let server: TestServer;
  let one: Caller;
  let two: Caller;
  beforeAll(async () => {
    server = await startServer({ flags: ["--accounts", `${ONE},${TWO}`] });
    one = callerOf(server);
    two = callerOf(server, readCredentials(join(server.dataDirectory, `root-credentials-${TWO}`)));
  });
  afterAll(() => server.stop());

  test("have a root each", async () => {
    expect((await one("sts", "GetCallerIdentity")).output["Account"]).toBe(ONE);
    expect((await two("sts", "GetCallerIdentity")).output["Account"]).toBe(TWO);
  });

  test("see neither users nor events of each other", async () => {
    await one("iam", "CreateUser", { UserName: "one" });
    await two("iam", "CreateUser", { UserName: "two" });
    await two("iam", "CreateUser", { UserName: "one" });
    expect((await two("iam", "GetUser", { UserName: "two" })).status).toBe(200);
    expect((await one("iam", "GetUser", { UserName: "two" })).code).toBe("NoSuchEntity");
    for (const [call, account] of [[one, ONE] as const, [two, TWO] as const]) {
      const records = await allRecords(call);
      expect(new Set(records.map((record) => record["recipientAccountId"]))).toEqual(new Set([account]));
    }
    const attribute = { AttributeKey: "Username", AttributeValue: "two" };
    expect(await allRecords(one, { LookupAttributes: [attribute] })).toEqual([]);
    const twos = (await recordsNamed(two, "CreateUser")).map(({ eventID }) => eventID);
    expect(twos).toHaveLength(2);
    for (const AttributeValue of twos) {
      expect(await allRecords(one, { LookupAttributes: [{ AttributeKey: "EventId", AttributeValue }] })).toEqual([]);
    }
  });

  test("are both told when one assumes a role of the other, under one sharedEventID", async () => {
    await allowAll(one, "one");
    const john = await keyOf(one, "one");
    const trust = { Effect: "Allow", Principal: { AWS: `arn:aws:iam::${ONE}:root` }, Action: "sts:AssumeRole" };
    const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
    await two("iam", "CreateRole", { RoleName: "visitor", AssumeRolePolicyDocument });
    const role = { RoleArn: `arn:aws:iam::${TWO}:role/visitor`, RoleSessionName: "john" };
    expect(await callerOf(server, john)("sts", "AssumeRole", role)).toMatchObject({ status: 200 });
    const [mine] = await recordsNamed(one, "AssumeRole");
    const [theirs] = await recordsNamed(two, "AssumeRole");
    expect(mine).toMatchObject({ userIdentity: { type: "IAMUser", userName: "one" }, recipientAccountId: ONE });
    expect(theirs).toMatchObject({ userIdentity: { type: "AWSAccount", accountId: ONE }, recipientAccountId: TWO });
    expect(theirs?.["sharedEventID"]).toBe(mine?.["sharedEventID"]);
    expect(mine?.["sharedEventID"]).toMatch(/^[0-9a-f-]{36}$/);
    expect(theirs?.eventID).not.toBe(mine?.eventID);
  });
});

async function allowAll(call: Caller, UserName: string): Promise<void> {
  const PolicyArn = "arn:aws:iam::aws:policy/AdministratorAccess";
  await call("iam", "AttachUserPolicy", { UserName, PolicyArn });
}

async function keyOf(call: Caller, UserName: string): Promise<{ accessKeyId: string; secretAccessKey: string }> {
  const { output } = await call("iam", "CreateAccessKey", { UserName });
  const { AccessKeyId, SecretAccessKey } = output["AccessKey"] as { AccessKeyId: string; SecretAccessKey: string };
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey };
}
