import { beforeAll, describe, expect, test } from "vitest";
import type { AuditRecord } from "../../../src/record/index.ts";
import { at } from "../client.ts";
import { BOTO3_MISSING, whySkipped } from "../clients.ts";
import { checkAttempts, markOf } from "./check-attempts.ts";
import { startGateway } from "./gateway-run.ts";
import { MOTO_MISSING, startMoto } from "./moto.ts";
import { type Attempt, askOracle } from "./oracle.ts";
import { startUnwell } from "./unwell.ts";

const KEY = { accessKeyId: "AKIAORACLEORACLE0006", secretAccessKey: "nobody-here-knows-this-key" };
const MISSING = MOTO_MISSING ?? BOTO3_MISSING;
const CALLS = 7;

describe.skipIf(MISSING !== undefined)(`an upstream that has a bad day${whySkipped(MISSING)}`, () => {
  let attempts: readonly Attempt[];
  let records: readonly AuditRecord[];

  beforeAll(async () => {
    const moto = await startMoto();
    const unwell = await startUnwell(moto.endpoint);
    const gateway = await startGateway({ upstream: unwell.endpoint });
    ({ attempts } = await askOracle("oracle_driver.py", { endpoint: gateway.named, credentials: KEY, what: "again" }));
    records = await gateway.records();
    await unwell.stop();
    await moto.stop();
  }, 60_000);

  test("every attempt is a call of its own, and every one is recorded once", () => {
    const { problems } = checkAttempts(attempts, records);
    expect(problems).toEqual({});
    expect(records).toHaveLength(3 * CALLS);
  });

  test("attempts of one call are known by their common invocation", () => {
    const byInvocation = Map.groupBy(records, (record) => at(record.additionalEventData, "sdkInvocationId"));
    expect(byInvocation.size).toBe(CALLS);
    for (const record of records) {
      const attempt = attempts.find(({ mark }) => mark === markOf(record));
      expect(at(record.additionalEventData, "sdkInvocationId")).toBe(attempt?.invocationId);
    }
  });

  test("what a broken answer leaves open is said", () => {
    const second = new Set(attempts.filter(({ attempt }) => attempt === 2).map(({ mark }) => mark));
    const broken = records.filter((record) => second.has(markOf(record) ?? -1));
    expect(broken).toHaveLength(CALLS);
    for (const { eventName, errorCode, responseElements } of broken) {
      // An answer without a body breaks off before it has begun.
      const code = eventName === "HeadObject" ? "ServiceUnavailable" : "IncompleteAnswer";
      expect([eventName, errorCode, responseElements]).toEqual([eventName, code, null]);
    }
  });
});
