import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ServiceName, signRequest, type WireRequest } from "../../src/aws/index.ts";
import { type Caller, callerOf, healthOf, recordsNamed, signedRequest } from "../calls.ts";
import { RawSocket, rawRequest } from "../raw-socket.ts";
import { startServer, type TestServer } from "../server.ts";

/** 300 by default; more are worth a night. */
const RUNS = Number(process.env["OPENTRAIL_TEST_FUZZ"] ?? 300);

let server: TestServer;
let call: Caller;
beforeAll(async () => {
  server = await startServer();
  call = callerOf(server);
});
afterAll(() => server.stop());

const POLICY = JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] });

/** Good calls of each protocol that is served, with lists, structures and documents in them. */
const CALLS: readonly (readonly [ServiceName, string, Record<string, unknown>])[] = [
  ["sts", "GetCallerIdentity", {}],
  ["sts", "AssumeRole", { RoleArn: "arn:aws:iam::123456789012:role/x", RoleSessionName: "abc", Policy: POLICY }],
  ["iam", "ListUsers", { MaxItems: 3 }],
  ["iam", "CreateUser", { UserName: "fuzz", Tags: [{ Key: "a", Value: "b" }] }],
  ["iam", "CreatePolicy", { PolicyName: "p", PolicyDocument: POLICY }],
  ["iam", "SimulateCustomPolicy", { PolicyInputList: [POLICY], ActionNames: ["iam:ListUsers"] }],
  ["cloudtrail", "LookupEvents", { LookupAttributes: [{ AttributeKey: "EventName", AttributeValue: "x" }] }],
];

/** What parsers stumble over. */
const JUNK = [
  ...'%{}[]"&=;<>\\\u0000\n\r:/?#',
  "%zz",
  "%00",
  "\u00ff\u00fe",
  "\\ud800",
  "1e999",
  "-1",
  "null",
  "99999999999999999999",
  "Tags.member.99999999.Key=1&",
  "..",
  "]]>",
  "\r\n",
  "\r\n\r\n",
  "__proto__",
  "constructor",
  "x".repeat(3000),
];

interface Mutation {
  readonly kind: "byte" | "insert" | "cut" | "remove" | "repeat";
  /** From 0 to 1: where in the bytes. */
  readonly place: number;
  readonly junk: string;
  readonly byte: number;
}

const mutations = fc.array(
  fc.record({
    kind: fc.constantFrom("byte", "insert", "cut", "remove", "repeat"),
    place: fc.double({ min: 0, max: 1, noNaN: true }),
    junk: fc.constantFrom(...JUNK),
    byte: fc.nat(255),
  }),
  { minLength: 1, maxLength: 3 },
);

function mutate(bytes: Uint8Array, { kind, place, junk, byte }: Mutation): Buffer {
  const at = Math.floor(place * bytes.length);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (kind) {
    case "byte":
      return Buffer.concat([before, Buffer.of(byte), after.subarray(1)]);
    case "insert":
      return Buffer.concat([before, Buffer.from(junk, "latin1"), after]);
    case "cut":
      // Nothing at all would be no request.
      return Buffer.from(at === 0 ? bytes : before);
    case "remove":
      return Buffer.concat([before, after.subarray(byte % 16)]);
    case "repeat":
      return Buffer.concat([before, after.subarray(0, byte % 32), after]);
  }
}

function bytesOf({ method, path, query, headers, body }: WireRequest): Buffer {
  const lines = Object.entries(headers).map(([name, values]) => `${name}: ${(values ?? []).join(", ")}`);
  return rawRequest(`${method} ${path}${query && `?${query}`}`, [...lines, `content-length: ${body.length}`], body);
}

/** A call that is broken on its way, or whose body was wrong before it was signed. */
function brokenCall(which: number, where: "on the wire" | "in the body", changes: readonly Mutation[]): Buffer {
  const [service, operation, input] = CALLS[which] ?? CALLS[0] ?? ["sts", "GetCallerIdentity", {}];
  const good = signedRequest(server.endpoint, server.root, service, operation, input);
  if (where === "on the wire") return changes.reduce(mutate, bytesOf(good));
  const { authorization: _, "x-amz-date": __, ...headers } = good.headers;
  const body = changes.reduce(mutate, Buffer.from(good.body));
  return bytesOf(
    signRequest({ ...good, headers, body }, server.root, { region: "us-east-1", service, now: Date.now() }),
  );
}

test(
  `${RUNS} calls that are broken somewhere are each answered and recorded, and none breaks the server`,
  async () => {
    const which = fc.nat(CALLS.length - 1);
    const where = fc.constantFrom("on the wire" as const, "in the body" as const);
    await fc.assert(
      fc.asyncProperty(which, where, mutations, async (index, place, changes) => {
        const { head } = (await healthOf(server)).body.journal;
        const socket = await RawSocket.open(server.endpoint);
        socket.socket.end(brokenCall(index, place, changes));
        const answer = await socket.answer();
        socket.destroy();
        expect(answer?.status).toBeGreaterThanOrEqual(200);
        expect(answer?.status).toBeLessThan(500);
        expect((await healthOf(server)).body.journal.head).toBeGreaterThan(head);
      }),
      { numRuns: RUNS },
    );
    expect((await call("sts", "GetCallerIdentity")).status).toBe(200);
    expect(await healthOf(server)).toMatchObject({ status: 200, body: { ok: true, unrecordedCalls: 0 } });
    expect(server.log()).not.toMatch(/"level":50/);
    expect((await recordsNamed(call, "UnknownOperation")).length).toBeGreaterThan(0);
  },
  30_000 + RUNS * 50,
);
