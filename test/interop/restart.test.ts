import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { list, text } from "./client.ts";
import { jsClient } from "./js-client.ts";
import { outputOf, Run } from "./run.ts";
import { checkWholeJournal } from "./whole-journal.ts";

const WRITERS = 8;
const CALLS_BEFORE_STOP = 60;

describe("SIGTERM in the middle of traffic", () => {
  const directory = mkdtempSync(join(tmpdir(), "opentrail-restart-"));
  /** User names by the request id of the answer that acknowledged them. */
  const acknowledged = new Map<string, string>();
  let unanswered = 0;
  let again: Run;

  beforeAll(async () => {
    const run = await Run.start({ dataDirectory: directory });
    let stopped = false;
    let reached: () => void = () => {};
    const enough = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const writers = Array.from({ length: WRITERS }, async (_, writer) => {
      const client = run.open(jsClient);
      for (let call = 0; !stopped; call++) {
        const UserName = `guest-${writer}-${call}`;
        try {
          const answer = await run.call(client, "iam", "CreateUser", { UserName });
          outputOf(answer);
          acknowledged.set(answer.requestId, UserName);
        } catch {
          // The connection was refused or broken off: that call was not acknowledged.
          unanswered++;
          stopped = true;
        }
        if (acknowledged.size >= CALLS_BEFORE_STOP) reached();
      }
    });
    await Promise.race([enough, Promise.all(writers)]);
    await run.stop();
    await Promise.all(writers);
    again = await Run.start({ dataDirectory: directory });
    for (const secret of run.secrets) again.secrets.add(secret);
  });
  afterAll(async () => {
    await again.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  test("there was traffic, and it was cut off", () => {
    expect(acknowledged.size).toBeGreaterThanOrEqual(CALLS_BEFORE_STOP);
    expect(unanswered).toBeGreaterThan(0);
  });

  test("every acknowledged call is in the log of the next start, once", async () => {
    const records = (await again.records()).filter(({ record }) => record.eventName === "CreateUser");
    const counts = new Map<string, number>();
    for (const { record } of records) {
      counts.set(String(record.requestID), (counts.get(String(record.requestID)) ?? 0) + 1);
    }
    expect([...acknowledged.keys()].filter((requestId) => counts.get(requestId) !== 1)).toEqual([]);
    expect([...counts.values()].filter((count) => count !== 1)).toEqual([]);
  });

  test("the users of the log are the users there are", async () => {
    const succeeded = (await again.records())
      .filter(({ record }) => record.eventName === "CreateUser" && record.errorCode === undefined)
      .map(({ record }) => text(record.requestParameters, "userName"));
    const users: string[] = [];
    const client = again.open(jsClient);
    let marker: string | undefined;
    do {
      const page = outputOf(
        await again.call(client, "iam", "ListUsers", marker === undefined ? {} : { Marker: marker }),
      );
      users.push(...list(page, "Users").map((user) => text(user, "UserName")));
      marker = page["Marker"] as string | undefined;
    } while (marker !== undefined);
    expect(users.toSorted()).toEqual(succeeded.toSorted());
    expect(users).toEqual(expect.arrayContaining([...acknowledged.values()]));
  });

  test("root's key is still root's key, and the records keep the rules", async () => {
    const client = again.open(jsClient);
    const identity = outputOf(await again.call(client, "sts", "GetCallerIdentity", {}));
    expect(text(identity, "Arn")).toBe("arn:aws:iam::123456789012:root");
    expect(await checkWholeJournal(again)).toBeGreaterThanOrEqual(CALLS_BEFORE_STOP);
  });
});
