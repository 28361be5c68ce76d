import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LoggedCall, RecordedCall } from "./calls.ts";
import { compareCalls } from "./compare.ts";

const NOON = Date.parse("2026-08-01T12:00:00Z");
const RANGE = { windowMs: 5000, fromMs: NOON - 60_000, toMs: NOON + 60_000 };

function logged(call: Partial<LoggedCall> = {}): LoggedCall {
  return {
    timeMs: NOON,
    requestId: "R1",
    bucket: "invoices",
    key: "a.pdf",
    operation: "REST.GET.OBJECT",
    eventName: "GetObject",
    method: "GET",
    status: 200,
    errorCode: undefined,
    remoteIp: "192.0.2.7",
    requester: "mary",
    part: false,
    ...call,
  };
}

function recorded(call: Partial<RecordedCall> = {}): RecordedCall {
  return {
    eventID: "e1",
    timeMs: NOON,
    requestId: "R1",
    bucket: "invoices",
    key: "a.pdf",
    eventName: "GetObject",
    errorCode: undefined,
    remoteIp: "192.0.2.7",
    arn: undefined,
    who: "mary",
    signed: true,
    outcome: undefined,
    ...call,
  };
}

const kinds = (log: readonly LoggedCall[], records: readonly RecordedCall[]) => {
  const { agreed, differences } = compareCalls(log, records, RANGE);
  return [agreed, ...differences.map(({ kind }) => kind)];
};

describe("compareCalls()", () => {
  test("joins by request id, however far apart the times are", () => {
    expect(kinds([logged()], [recorded({ timeMs: NOON + 50_000 })])).toEqual([1]);
  });

  test("tells what is in the log alone, and what is in the records alone", () => {
    const log = [logged(), logged({ requestId: "R2", key: "b.pdf" })];
    const records = [recorded(), recorded({ requestId: "R3", key: "c.pdf", timeMs: NOON + 1000 })];
    expect(compareCalls(log, records, RANGE)).toEqual({
      agreed: 1,
      differences: [
        { kind: "not recorded", log: log[1] },
        { kind: "not logged", record: records[1] },
      ],
    });
  });

  test.each([
    ["the operation", {}, { eventName: "DeleteObject" }, [["operation", "GetObject", "DeleteObject"]]],
    ["the key", {}, { key: "b.pdf" }, [["key", "a.pdf", "b.pdf"]]],
    ["the bucket", {}, { bucket: "other" }, [["bucket", "invoices", "other"]]],
    ["whether it failed", { status: 403, errorCode: "AccessDenied" }, {}, [["outcome", "403", "ok"]]],
    ["whether it succeeded", {}, { errorCode: "NoSuchKey" }, [["outcome", "200", "NoSuchKey"]]],
    [
      "the error",
      { status: 403, errorCode: "AccessDenied" },
      { errorCode: "SlowDown" },
      [["error", "AccessDenied", "SlowDown"]],
    ],
    [
      "the caller",
      { requester: "arn:aws:iam::123456789012:user/mary" },
      { arn: "arn:aws:iam::123456789012:user/john" },
      [["requester", "arn:aws:iam::123456789012:user/mary", "arn:aws:iam::123456789012:user/john"]],
    ],
    ["whether anybody signed", { requester: undefined }, {}, [["requester", "-", "mary"]]],
  ] as const)("tells that the two differ in %s", (_, log, record, fields) => {
    const { differences } = compareCalls([logged(log)], [recorded(record)], RANGE);
    expect(differences).toMatchObject([
      { kind: "differs", fields: fields.map(([field, theirs, ours]) => ({ field, log: theirs, record: ours })) },
    ]);
  });

  test.each([
    ["a status that was not known yet", { status: undefined }, { errorCode: "AccessDenied" }],
    ["a copy that is a put to them", { eventName: "PutObject" }, { eventName: "CopyObject" }],
    ["an operation without a name", { eventName: undefined }, { eventName: "GetObjectTorrent" }],
    [
      "an error of HEAD, which has no body",
      { method: "HEAD", status: 404, errorCode: "NoSuchKey" },
      { errorCode: "NotFound" },
    ],
    ["a caller told in other words", { requester: "acme$mary" }, { arn: "arn:aws:iam::123456789012:user/mary" }],
    ["a caller who was refused", { requester: undefined, status: 403, errorCode: "X" }, { errorCode: "X" }],
    ["an end that we did not see", { status: 200 }, { outcome: "unknown", errorCode: "UpstreamTimeout" }],
  ] as const)("takes %s for no difference", (_, log, record) => {
    expect(kinds([logged(log)], [recorded(record)])).toEqual([1]);
  });

  test("takes the lines of one request for one call", () => {
    const log = [
      logged({ operation: "REST.POST.MULTI_OBJECT_DELETE", eventName: "DeleteObjects", key: undefined }),
      logged({ operation: "BATCH.DELETE.OBJECT", eventName: "DeleteObject", key: "a", part: true }),
      logged({ operation: "BATCH.DELETE.OBJECT", eventName: "DeleteObject", key: "b", part: true }),
    ];
    const whole = recorded({ eventName: "DeleteObjects", key: undefined });
    const parts = ["a", "b"].map((key) => recorded({ eventID: key, eventName: "DeleteObject", key }));
    expect(kinds(log, [whole])).toEqual([1]);
    expect(kinds(log, [whole, ...parts])).toEqual([1]);
    expect(kinds(log, [])).toEqual([0, "not recorded"]);
    expect(kinds([logged(), logged()], [recorded()])).toEqual([1]);
  });

  test("joins by time where their ids are not ours", () => {
    const log = [logged({ requestId: "tx1" }), logged({ requestId: "tx2", timeMs: NOON + 3000 })];
    const records = [
      recorded({ requestId: "o2", timeMs: NOON + 3000 }),
      recorded({ requestId: "o1", timeMs: NOON + 1000 }),
    ];
    expect(kinds(log, records)).toEqual([2]);
    expect(kinds(log, [recorded({ requestId: "o1", timeMs: NOON + 9000 })])).toEqual([
      0,
      "not recorded",
      "not recorded",
      "not logged",
    ]);
  });

  test("does not join by time what ids tell apart, once ids have joined anything", () => {
    const log = [logged(), logged({ requestId: "R2" })];
    const records = [recorded(), recorded({ requestId: "R9" })];
    expect(kinds(log, records)).toEqual([1, "not recorded", "not logged"]);
    expect(kinds(log, [recorded(), recorded({ requestId: "R9", outcome: "client-left" })])).toEqual([2]);
    expect(kinds(log, [recorded(), recorded({ requestId: undefined })])).toEqual([2]);
  });

  test("joins by time to the call that ended alike, though another is nearer", () => {
    const log = [
      logged({ requestId: undefined, status: 403, errorCode: "AccessDenied" }),
      logged({ requestId: undefined }),
    ];
    const records = [
      recorded({ requestId: undefined, timeMs: NOON + 1000 }),
      recorded({ requestId: undefined, timeMs: NOON + 3000, errorCode: "AccessDenied" }),
    ];
    expect(kinds(log, records)).toEqual([2]);
  });

  test("does not miss calls that never left us, nor those outside the times that the log is asked about", () => {
    const records = [
      recorded({ requestId: "R2", outcome: "not-forwarded", errorCode: "AccessDenied" }),
      recorded({ requestId: "R3", timeMs: RANGE.toMs + 1 }),
      recorded({ requestId: "R4", timeMs: RANGE.toMs }),
    ];
    expect(kinds([], records)).toEqual([0, "not logged"]);
  });

  test("finds exactly what was taken away from either side", () => {
    const call = fc.record({ key: fc.constantFrom("a", "b", "c"), second: fc.nat(50), ids: fc.boolean() });
    const side = fc.constantFrom("both" as const, "log" as const, "records" as const);
    fc.assert(
      fc.property(fc.array(fc.tuple(call, side), { maxLength: 60 }), (calls) => {
        const log: LoggedCall[] = [];
        const records: RecordedCall[] = [];
        calls.forEach(([{ key, second }, where], index) => {
          const common = { key, timeMs: NOON + second * 1000, requestId: `R${index}` };
          if (where !== "records") log.push(logged(common));
          if (where !== "log") records.push(recorded({ ...common, eventID: String(index) }));
        });
        // One join by id tells that ids can be trusted.
        log.push(logged({ requestId: "anchor" }));
        records.push(recorded({ requestId: "anchor" }));
        const { agreed, differences } = compareCalls(log, records, RANGE);
        const count = (where: string) => calls.filter(([, side]) => side === where).length;
        expect(agreed).toBe(count("both") + 1);
        expect(differences.filter(({ kind }) => kind === "not recorded")).toHaveLength(count("log"));
        expect(differences.filter(({ kind }) => kind === "not logged")).toHaveLength(count("records"));
      }),
    );
  });
});
