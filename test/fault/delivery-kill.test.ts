import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { assert } from "../../src/core/index.ts";
import { type Caller, callerOf } from "../calls.ts";
import { readJournal } from "../read-journal.ts";
import { startServer, type TestServer } from "../server.ts";
import { deliveredRecords, keysOf, s3Of, startTrail, trailArn, until } from "../trail.ts";
import { runVerify } from "../verify.ts";

/** 1 by default; continuous integration asks for 100. */
const KILLS = Number(process.env["OPENTRAIL_TEST_KILLS"] ?? 1);
const CLIENTS = 4;
const LOAD_MS = { min: 400, max: 1_600 };
const FLAGS = ["--trails-delivery-interval", "1s", "--trails-digest-interval", "2s"];
const BUCKET = "audit";
const TRAIL = "kept";

async function work(call: Caller, nextUser: () => string): Promise<void> {
  for (;;) {
    const UserName = nextUser();
    await call("iam", "CreateUser", { UserName });
    await call("iam", "GetUser", { UserName });
    await call("iam", "DeleteUser", { UserName });
  }
}

async function workAndKill(server: TestServer, nextUser: () => string): Promise<void> {
  // How far each came with its last call is nothing that this test asks about.
  const clients = Array.from({ length: CLIENTS }, () => work(callerOf(server), nextUser).catch(() => undefined));
  await sleep(LOAD_MS.min + Math.random() * (LOAD_MS.max - LOAD_MS.min));
  await server.kill();
  await Promise.all(clients);
}

describe("kill -9 in the middle of delivery", () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), "opentrail-delivery-kill-"));
  afterAll(() => rmSync(dataDirectory, { recursive: true, force: true }));

  test(
    `${KILLS} times: the log files hold every record of the journal once, and validate`,
    async () => {
      let users = 0;
      const options = { dataDirectory, flags: FLAGS };
      let server = await startServer(options);
      const startedAt = new Date(Date.now() - 60_000).toISOString();
      await startTrail(server, { bucket: BUCKET, trail: TRAIL });
      for (let kills = 0; kills < KILLS; kills++) {
        await workAndKill(server, () => `user-${users++}`);
        server = await startServer(options);
      }
      await callerOf(server)("cloudtrail", "StopLogging", { Name: TRAIL });
      const s3 = s3Of(server);
      const stopDelivered = (records: readonly { eventName: unknown }[]): boolean =>
        records.some(({ eventName }) => eventName === "StopLogging");
      const delivered = await until("the StopLogging record", () => deliveredRecords(s3, BUCKET), stopDelivered);
      // The last digest comes after the last log file.
      let digests = -1;
      for (let now = 0; now !== digests; now = (await keysOf(s3, BUCKET, "/CloudTrail-Digest/")).length) {
        digests = now;
        await sleep(3_000);
      }
      expect(digests).toBeGreaterThan(0);
      const verdict = await runVerify(server, [
        `s3://${BUCKET}`,
        "--trail-arn",
        trailArn(TRAIL),
        "--start-time",
        startedAt,
      ]);
      expect(verdict).toEqual({ code: 0, output: expect.not.stringContaining("INVALID") as string });
      await server.stop();

      const texts = (await readJournal(dataDirectory)).texts;
      const all = texts.map((text) => JSON.parse(text) as Record<string, unknown>);
      const from = all.findIndex(({ eventName }) => eventName === "StartLogging");
      const to = all.findIndex(({ eventName }) => eventName === "StopLogging");
      assert(from >= 0 && to > from, "the journal has both records");
      const wanted = all.slice(from, to + 1).filter(({ managementEvent }) => managementEvent === true);
      const ids = (records: readonly Record<string, unknown>[]): readonly string[] =>
        records.map(({ eventID }) => String(eventID)).toSorted();
      expect(ids(delivered)).toEqual(ids(wanted));
      expect(wanted.length).toBeGreaterThan(KILLS * CLIENTS);
    },
    90_000 + KILLS * 8_000,
  );
});
