import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runCommandLine } from "./command-line.fixture.ts";
import { neededStatements } from "./doctor-policy.ts";
import { DoctorServer, TRAIL_ARN } from "./doctor-server.fixture.ts";

const NOW = Date.parse("2026-08-01T12:00:00Z");
const OWNER = { bucket: "logs", prefix: "", account: "111122223333", trailArn: TRAIL_ARN };
const POLICY = JSON.stringify({ Version: "2012-10-17", Statement: neededStatements(OWNER) });
const KEY = "AWSLogs/111122223333/CloudTrail/doctor-20260801T120000Z-0.txt";

let server: DoctorServer;
let endpoint: string;
beforeEach(async () => {
  server = new DoctorServer();
  server.policy = POLICY;
  endpoint = await server.listen();
});
afterEach(() => server.close());

const doctor = (words = "", options: Parameters<typeof runCommandLine>[1] = {}) =>
  runCommandLine(`doctor trail main --utc ${words}`, {
    now: NOW,
    ...options,
    env: { AWS_ENDPOINT_URL: endpoint, ...options.env },
  });

interface Report {
  readonly ok: boolean;
  readonly checks: readonly {
    readonly name: string;
    readonly state: string;
    readonly says: string;
    readonly next?: string;
  }[];
  readonly policy: {
    readonly inPlace: boolean | null;
    readonly missing: readonly unknown[];
    readonly document: unknown;
  };
  readonly leftBehind: readonly unknown[];
}

/** What `--json` tells, and the exit code. */
async function report(words = "", env: Readonly<Record<string, string>> = {}) {
  const { code, out, err } = await doctor(`--json ${words}`, { env });
  expect(err).toBe("");
  const found = JSON.parse(out) as Report;
  const check = (name: string) => found.checks.find((one) => one.name === name);
  return { ...found, code, check, states: Object.fromEntries(found.checks.map(({ name, state }) => [name, state])) };
}

describe("opentrail doctor trail", () => {
  test("tells a trail that is well, and what stays behind", async () => {
    const { code, out, err } = await doctor();
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out.split("\n").slice(0, 11)).toEqual([
      `Trail main  ${TRAIL_ARN}`,
      "all Regions; files go to s3://logs/AWSLogs/111122223333/",
      "",
      "ok     logging        since 2026-08-01 12:00:00Z",
      "ok     log files      last delivered at 2026-08-01 12:05:00Z",
      "ok     digest files   last delivered at 2026-08-01 13:00:00Z",
      "ok     bucket policy  lets the trail write",
      "ok     default lock   COMPLIANCE for 1 year",
      `ok     write          put ${KEY} (version v1)`,
      "ok     lock           COMPLIANCE until 2027-08-01 12:00:00Z",
      "ok     delete         refused, as it should be: Access Denied because object protected by object lock",
    ]);
    expect(out).toContain("Bucket policy (in place;");
    expect(out).toContain('"Sid": "AWSCloudTrailWrite20150319"');
    expect(out).toContain(`Left behind: s3://logs/${KEY} version v1 (locked until 2027-08-01T12:00:00.000Z).`);
    expect(out.endsWith("All is well.\n")).toBe(true);
  });

  test("colours only for a terminal", async () => {
    expect((await doctor("", { terminal: true })).out).toContain("\u001b[32mok");
    expect((await doctor("--no-color", { terminal: true })).out).not.toContain("\u001b");
    expect((await doctor()).out).not.toContain("\u001b");
  });

  test("makes what servers say safe to print", async () => {
    server.status["LatestDeliveryError"] = "\u001b[2Jall is well";
    const { out } = await doctor();
    expect(out).toContain("\\u001b[2Jall is well");
    expect(out).not.toContain("\u001b");
  });

  test("prints the policy to paste when it is not in place", async () => {
    server.policy = undefined;
    const { code, out } = await doctor();
    expect(code).toBe(1);
    expect(out).toContain("wrong  bucket policy  has no statement that does for AWSCloudTrailAclCheck20150319");
    expect(out).toContain("Bucket policy (NOT in place;");
    const json = out.slice(out.indexOf("{\n"), out.indexOf("\n}\n") + 2);
    expect(JSON.parse(json)).toEqual(JSON.parse(POLICY));
    expect(out.endsWith("1 thing is wrong.\n")).toBe(true);
  });

  test("uses the trail's prefix", async () => {
    server.trail["S3KeyPrefix"] = "beans";
    const { policy } = await report("--no-write");
    expect(policy.missing).toMatchObject([{ Resource: "arn:aws:s3:::logs/beans/AWSLogs/111122223333/*" }]);
  });

  test.each<[string, Record<string, unknown>, string, string]>([
    ["it does not log", { IsLogging: false, StopLoggingTime: 1_785_585_600 }, "logging", "start-logging --name main"],
    ["it never logged", { IsLogging: false }, "logging", "start-logging --name main"],
    ["deliveries fail", { LatestDeliveryError: "AccessDenied" }, "log files", "statement that denies"],
    ["deliveries fail oddly", { LatestDeliveryError: "InternalError" }, "log files", "the server's log"],
    ["digests fail", { LatestDigestDeliveryError: "NoSuchBucket" }, "digest files", "make the bucket anew"],
  ])("is wrong when %s", async (_, status, name, next) => {
    Object.assign(server.status, status);
    const { code, check } = await report();
    expect(code).toBe(1);
    expect(check(name)).toMatchObject({ state: "wrong", next: expect.stringContaining(next) });
  });

  test("is wrong when notifications or log groups fail", async () => {
    Object.assign(server.status, {
      LatestNotificationError: "AuthorizationError",
      LatestCloudWatchLogsDeliveryError: "no",
    });
    expect((await report()).states).toMatchObject({ notifications: "wrong", "log group": "wrong" });
  });

  test("notes what is missing without being wrong", async () => {
    server.trail["LogFileValidationEnabled"] = false;
    delete server.status["LatestDeliveryTime"];
    const { code, ok, states } = await report();
    expect({ code, ok }).toEqual({ code: 0, ok: true });
    expect(states).toMatchObject({ "log files": "note", "digest files": "note" });
  });

  test("names the statement of an organization", async () => {
    server.trail["IsOrganizationTrail"] = true;
    const { code, check } = await report();
    expect(code).toBe(0);
    expect(check("organization")?.says).toContain("AWSCloudTrailOrganizationWrite20150319");
  });

  test.each([
    ["there is no Object Lock", "none", "no Object Lock"],
    ["there is no default", "no default", "no retention"],
  ] as const)("is wrong when %s: the object could be deleted", async (_, lock, says) => {
    server.lock = lock;
    const { code, check, states, leftBehind } = await report();
    expect(code).toBe(1);
    expect(check("default lock")?.says).toContain(says);
    expect(states).toMatchObject({ "default lock": "wrong", lock: "wrong", delete: "wrong" });
    expect(check("delete")?.says).toContain("NOT refused");
    expect(check("delete")?.next).toContain("put-object-lock-configuration");
    expect(leftBehind).toEqual([]);
    expect(server.requests.at(-1)).toBe(`DELETE /logs/${KEY}?versionId=v1&x-id=DeleteObject`);
  });

  test("names each step once", async () => {
    server.lock = "none";
    const { out } = await doctor();
    expect(out.match(/next: .*put-object-lock-configuration/g)).toHaveLength(1);
  });

  test("deletes what it put into a bucket without versions", async () => {
    Object.assign(server, { lock: "none", versions: false });
    await report();
    expect(server.requests.at(-1)).toBe(`DELETE /logs/${KEY}?x-id=DeleteObject`);
  });

  test("tells a lock from a permission that one does not have", async () => {
    server.lock = "none";
    server.refused.delete = "AccessDenied";
    const { check, leftBehind } = await report();
    expect(check("delete")).toMatchObject({ state: "note", says: expect.stringContaining("by no lock") });
    expect(leftBehind).toEqual([{ bucket: "logs", key: KEY, versionId: "v1" }]);
  });

  test("says who can still delete under GOVERNANCE", async () => {
    server.lock = "GOVERNANCE";
    const { code, check } = await report();
    expect(code).toBe(0);
    expect(check("lock")?.says).toContain("bypass governance");
  });

  test("goes no further when it may not write", async () => {
    server.refused.put = "AccessDenied";
    const { code, check, states } = await report();
    expect(code).toBe(1);
    expect(check("write")?.says).toMatch(/^AccessDenied: in words.*opentrail whoami/);
    expect(states).not.toHaveProperty("delete");
  });

  test("writes nothing with --no-write", async () => {
    const { code, states, leftBehind } = await report("--no-write");
    expect({ code, leftBehind }).toEqual({ code: 0, leftBehind: [] });
    expect(states).toMatchObject({ "default lock": "ok" });
    expect(server.requests.map((request) => request.split(" ")[0])).toEqual(["GET", "GET"]);
  });

  test("prints the policy too when it may not read the bucket's", async () => {
    server.refused.policy = "AccessDenied";
    const { code, check, policy } = await report();
    expect(code).toBe(1);
    expect(check("bucket policy")?.says).toContain("AccessDenied");
    expect(policy).toMatchObject({ inPlace: null, document: JSON.parse(POLICY) });
    expect((await doctor()).out).toContain("Bucket policy (could not be compared;");
  });

  test("stops at a bucket that is not there", async () => {
    server.refused.bucket = "NoSuchBucket";
    const { code, states } = await report();
    expect(code).toBe(1);
    expect(states["bucket policy"]).toBe("wrong");
    expect(server.requests).toHaveLength(1);
  });

  test("only notes the policy of another server's bucket", async () => {
    const other = new DoctorServer();
    const { code, states } = await report("", { AWS_ENDPOINT_URL_S3: await other.listen() });
    await other.close();
    expect(code).toBe(0);
    expect(states["bucket policy"]).toBe("note");
    expect(other.requests.length).toBeGreaterThan(3);
    expect(server.requests).toEqual([]);
  });

  test("says when the bucket's server does not answer", async () => {
    const other = new DoctorServer();
    const gone = await other.listen();
    await other.close();
    const { code, check } = await report("", { AWS_ENDPOINT_URL_S3: gone });
    expect(code).toBe(1);
    expect(check("bucket policy")?.says).toContain("ECONNREFUSED");
  });

  test.each(["doctor", "doctor bucket main", "doctor trail"])("does not understand %s", async (words) => {
    const { code, err } = await runCommandLine(words);
    expect(code).toBe(2);
    expect(err).toContain("See: opentrail doctor --help");
  });
});
