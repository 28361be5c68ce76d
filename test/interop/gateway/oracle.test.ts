import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AuditRecord } from "../../../src/record/index.ts";
import { BOTO3_MISSING, whySkipped } from "../clients.ts";
import { checkAttempts, SERVED, type Verdict } from "./check-attempts.ts";
import { startGateway } from "./gateway-run.ts";
import { MOTO_MISSING, type Moto, startMoto } from "./moto.ts";
import { askOracle, type OracleRun } from "./oracle.ts";

/** Nobody here knows this key: moto takes any. */
const STRANGER = { accessKeyId: "AKIAORACLEORACLE0001", secretAccessKey: "nobody-here-knows-this-key" };
const MISSING = MOTO_MISSING ?? BOTO3_MISSING;

const RUNS = [
  { what: "stories", about: "stories of services", services: 120, operations: 500, attempts: 600 },
  { what: "everything", about: "a few operations of every service", services: 400, operations: 800, attempts: 800 },
] as const;

/**
 * What the gateway is known not to manage, by the beginning of the line that says so. A gap that closes fails its test:
 * the list only shrinks.
 */
const GAPS: Readonly<Record<(typeof RUNS)[number]["what"], readonly (readonly [lines: RegExp, why: string])[]>> = {
  stories: [],
  everything: [],
};

let moto: Moto;
beforeAll(async () => {
  if (MISSING === undefined) moto = await startMoto();
});
afterAll(() => moto?.stop());

describe.each(RUNS)("$about", ({ what, services, operations, attempts }) => {
  describe.skipIf(MISSING !== undefined)(`through the gateway to moto${whySkipped(MISSING)}`, () => {
    let run: OracleRun;
    let records: readonly AuditRecord[];
    let verdict: Verdict;

    beforeAll(async () => {
      const gateway = await startGateway({ upstream: moto.endpoint });
      run = await askOracle("oracle_driver.py", {
        endpoint: gateway.named,
        credentials: STRANGER,
        what,
        perService: 2,
      });
      records = await gateway.records();
      verdict = checkAttempts(run.attempts, records);
      const { problems, ...counts } = verdict;
      console.log(what, JSON.stringify({ ...counts, problems: Object.keys(problems) }), JSON.stringify(run.notes));
    }, 180_000);

    test("enough was asked for this to mean something", () => {
      expect(verdict.services).toBeGreaterThanOrEqual(services);
      expect(verdict.operations).toBeGreaterThanOrEqual(operations);
      expect(verdict.attempts).toBeGreaterThanOrEqual(attempts);
      expect(verdict.parameters.exact).toBeGreaterThan(verdict.attempts);
    });

    test.each([
      ["every attempt is recorded", "not recorded"],
      ["none is recorded twice", "recorded twice"],
      ["nothing else is recorded", "nobody made this call"],
      ["every record names the service", "eventSource"],
      ["every record names the operation", "eventName"],
      ["every record tells the error that the client saw", "errorCode"],
      ["every record holds the parameters that were sent", "requestParameters"],
      ["no record shows a secret", "secret"],
      ["every record tells reading from writing", "readOnly"],
      ["every record names the client", "userAgent"],
      ["every record is one of an API call", "eventType"],
    ])("%s", (_, problem) => {
      const isKnown = (line: string): boolean => GAPS[what].some(([lines]) => lines.test(line));
      expect((verdict.problems[problem] ?? []).filter((line) => !isKnown(line))).toEqual([]);
    });

    test.each(GAPS[what])("the gap %s is still one: %s", (lines) => {
      const all = Object.values(verdict.problems).flat();
      expect(all.some((line) => lines.test(line))).toBe(true);
    });

    test("services of OpenTrail's own refuse a stranger, the others leave that to moto", () => {
      const refused = run.attempts.filter(({ errorCode }) => errorCode === "InvalidClientTokenId");
      expect(refused.filter(({ service }) => !SERVED.has(service))).toEqual([]);
    });
  });
});
