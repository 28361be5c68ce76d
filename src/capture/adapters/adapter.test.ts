import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeRecord } from "../../record/index.ts";
import { entryId } from "./adapter.ts";
import { type Adapter, cephOpsLog, kubernetes, minio, s3AccessLog, vault } from "./index.ts";

const PLACE = { account: "123456789012", region: "us-east-1", source: "prod" };

/** Of every adapter, an entry that becomes a record as long as `type`, `stage`, `time` and the like stand. */
const ADAPTERS: readonly (readonly [string, Adapter, Readonly<Record<string, unknown>>])[] = [
  [
    "minio",
    minio,
    {
      time: "2026-08-01T12:00:00Z",
      trigger: "incoming",
      api: { name: "PutObject", bucket: "b", object: "k", statusCode: 200 },
      requestHeader: { Authorization: "AWS4-HMAC-SHA256 Credential=K/1" },
      requestQuery: { acl: "" },
      requestClaims: { sub: "mary" },
    },
  ],
  [
    "cephOpsLog",
    cephOpsLog,
    { time: "2026-08-01T12:00:00Z", operation: "put_obj", uri: "PUT /b/k HTTP/1.1", bucket: "b", sts_info: { a: "b" } },
  ],
  [
    "kubernetes",
    kubernetes,
    {
      stage: "ResponseComplete",
      verb: "update",
      stageTimestamp: "2026-08-01T12:00:00Z",
      user: { username: "mary", extra: { a: ["b"] } },
      objectRef: { resource: "secrets", name: "db" },
      requestObject: { data: { a: "b" } },
      responseObject: { data: { a: "b" } },
      requestURI: "/api/v1/x?y=z",
    },
  ],
  [
    "vault",
    vault,
    {
      type: "response",
      time: "2026-08-01T12:00:00Z",
      auth: { client_token: "hmac-sha256:a", metadata: { a: "b" } },
      request: { operation: "update", path: "secret/a", data: { a: "b" }, headers: { a: ["b"] } },
      response: { data: { a: "b" }, auth: { client_token: "hmac-sha256:a" } },
    },
  ],
];

function nested(depth: number): unknown {
  let value: unknown = "end";
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { inner: value };
  return value;
}

/** Every place in a value, replaced by `hostile`. */
function* replacements(value: unknown, hostile: unknown): Generator<unknown> {
  yield hostile;
  if (typeof value !== "object" || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    for (const inner of replacements(member, hostile)) yield { ...value, [name]: inner };
  }
}

const HOSTILE: readonly (readonly [string, unknown])[] = [
  ["null", null],
  ["a number", -1.5e300],
  ["a flag", true],
  ["an empty text", ""],
  ["a huge text", "x".repeat(300_000)],
  ["half a character", "\ud800"],
  ["control characters", "\u0000\u001b[2J\r\n"],
  ["a list of everything", [null, 1, "a", [], {}]],
  ["an object with odd names", JSON.parse('{"__proto__": {"a": 1}, "constructor": 1, "": 2}')],
  ["a value nested 100,000 deep", nested(100_000)],
  ["per cent signs", "%%zz%ff?%=%&&"],
];

describe.each(ADAPTERS)("%s()", (_, adapter, entry) => {
  test("makes a record of the entry as it is", () => {
    expect(adapter(entry, PLACE)).toHaveProperty("record");
  });

  test.each(HOSTILE)("answers %s in any place with a record that can be written, or a reason", (_what, hostile) => {
    for (const broken of replacements(entry, hostile)) {
      const mapped = adapter(broken, PLACE);
      const size = "skipped" in mapped ? mapped.skipped.length : encodeRecord(mapped.record).bytes.length;
      expect(size).toBeLessThan("skipped" in mapped ? 60 : 256 * 1024);
    }
  });

  test("gives an entry that comes again the same eventID, and any other another", () => {
    const id = (value: unknown, source = "prod") => {
      const mapped = adapter(value, { ...PLACE, source });
      return "record" in mapped ? mapped.record.eventID : undefined;
    };
    expect(id(JSON.parse(JSON.stringify(entry)))).toBe(id(entry));
    expect(id({ ...entry, more: 1 })).not.toBe(id(entry));
    expect(id(entry, "staging")).not.toBe(id(entry));
  });
});

describe("s3AccessLog()", () => {
  test("answers any text with a record or a reason", () => {
    const piece = fc.constantFrom(
      " ",
      '"',
      "-",
      "[06/Feb/2026:00:00:38 +0000]",
      "REST.GET.OBJECT",
      '" 200 - 1 1 1 1 ',
      "%",
    );
    const lines = fc.array(fc.oneof(piece, fc.string()), { maxLength: 40 }).map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(lines, (line) => {
        expect(Object.keys(s3AccessLog(`o b [06/Feb/2026:00:00:38 +0000] ${line}`, PLACE))).toHaveLength(1);
        expect(Object.keys(s3AccessLog(line, PLACE))).toHaveLength(1);
      }),
    );
  });
});

describe("entryId()", () => {
  test("is a UUID of version 8", () => {
    expect(entryId("a", "b", { c: 1 })).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });

  test("tells different values apart, equal ones not", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        const same = JSON.stringify(one) === JSON.stringify(other);
        expect(entryId("s", "k", one) === entryId("s", "k", other)).toBe(same);
      }),
    );
  });

  test.each([
    [[1, 2], [12]],
    [
      ["a", ["b"]],
      [["a"], "b"],
    ],
    [{ a: { b: 1 } }, { a: {}, b: 1 }],
    [["a,b"], ["a", "b"]],
  ])("tells %j from %j", (one, other) => {
    expect(entryId("s", "k", one)).not.toBe(entryId("s", "k", other));
  });
});
