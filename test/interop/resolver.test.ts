import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import type { WireRequest } from "../../src/aws/index.ts";
import { openCatalog } from "../../src/aws/index.ts";
import { ALIKE, SAME } from "../alike-operations.ts";
import { BOTO3_MISSING, PYTHON, whySkipped } from "./clients.ts";

/** What botocore itself puts on the wire for every operation that it has, and whether the catalog says the same. */

const GENERATOR = fileURLToPath(new URL("resolver/botocore_requests.py", import.meta.url));

interface BotocoreLine {
  readonly service: string;
  readonly operation: string;
  readonly input: string;
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** base64 */
  readonly body: string;
  readonly refused?: string;
}

interface Tally {
  /** Service, operation and source are the true ones. */
  right: number;
  /** Another service, or the other name of the operation, but the same event: source and name of a record are the true ones. */
  sameEvent: number;
  /** One of a few operations whose requests are no different from another's. */
  readonly alike: Set<string>;
  readonly wrong: string[];
  readonly refused: string[];
}

const catalog = openCatalog();

describe.skipIf(BOTO3_MISSING)(`the catalog and botocore${whySkipped(BOTO3_MISSING)}`, () => {
  const tally: Tally = { right: 0, sameEvent: 0, alike: new Set(), wrong: [], refused: [] };
  const operations = new Set<string>();

  beforeAll(async () => {
    for await (const line of botocoreLines()) {
      operations.add(`${line.service} ${line.operation}`);
      count(tally, line);
    }
    console.log(
      `${operations.size} operations of botocore: ${tally.right} requests understood, ${tally.sameEvent} by the name of ` +
        `another service with the same events, ${tally.alike.size} operations alike, ${tally.refused.length} not made`,
    );
  }, 300_000);

  test("the requests of every operation were looked at", () => {
    expect(operations.size).toBe(19_796);
    expect(tally.refused).toEqual([]);
  });

  test("resolve() takes none for another", () => {
    expect(tally.wrong).toEqual([]);
  });

  test("resolve() finds all but a handful by service and name", () => {
    expect([...tally.alike].toSorted()).toEqual(Object.keys(ALIKE).toSorted());
  });
});

async function* botocoreLines(): AsyncIterable<BotocoreLine> {
  const child = spawn(PYTHON, [GENERATOR], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  for await (const text of createInterface({ input: child.stdout })) yield JSON.parse(text) as BotocoreLine;
  expect(await ended).toEqual([0, null]);
}

function count(tally: Tally, line: BotocoreLine): void {
  const truth = `${line.service} ${line.operation}`;
  if (line.refused !== undefined) {
    tally.refused.push(`${truth} (${line.input}): ${line.refused}`);
    return;
  }
  const request = wireRequest(line);
  const call = catalog.resolve(request, { ...signingNameOf(request), fallback: line.service });
  const resolved = `${call.service?.id} ${call.operation ?? call.eventName}`;
  const source = catalog.service(line.service)?.eventSource;
  if (resolved === truth) tally.right += 1;
  else if (resolved === SAME[truth] || (call.eventName === line.operation && call.eventSource === source))
    tally.sameEvent += 1;
  else if (resolved === ALIKE[truth]) tally.alike.add(truth);
  else tally.wrong.push(`${truth} (${line.input}) is taken for ${resolved}: ${line.method} ${line.url}`);
}

function wireRequest({ method, url, headers, body }: BotocoreLine): WireRequest {
  const [, host = "", path = "", query = ""] = /^https?:\/\/([^/?]+)([^?]*)\??(.*)$/.exec(url) ?? [];
  const named = [["host", host] as const, ...headers].map(([name, value]) => [name.toLowerCase(), [value]] as const);
  return { method, path: path || "/", query, headers: Object.fromEntries(named), body: Buffer.from(body, "base64") };
}

/** The scope in a signature of version 4; without one, nothing is told. */
function signingNameOf({ headers, query }: WireRequest): { signingName?: string } {
  const credential =
    /Credential=([^,\s]+)/.exec(headers["authorization"]?.[0] ?? "") ?? /X-Amz-Credential=([^&]+)/.exec(query);
  const name = decodeURIComponent(credential?.[1] ?? "")
    .split("/")
    .at(-2);
  return name === undefined ? {} : { signingName: name };
}
