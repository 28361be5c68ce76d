import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Failure } from "../../core/index.ts";
import { type JournalHealth, type JournalRecord, openPendingLog } from "../../journal/index.ts";
import { type AuditRecord, type EncodedRecord, encodeRecord } from "../../record/index.ts";
import { type CallAuditOptions, type OpenCallAudit, openCallAudit } from "./audit.ts";
import type { AuditMode } from "./audit-mode.ts";
import type { CallRecorder } from "./audit-recorder.ts";

const silent = { info: () => undefined, error: () => undefined };
let directory: string;
let nowMs: number;
/** The journal of all runs of a test: eventIDs are unique in it. */
let journal: Map<string, AuditRecord>;
const clock = { now: () => nowMs, elapsed: () => 0 };
const closing: (() => Promise<void>)[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "opentrail-audit-"));
  nowMs = 1_700_000_000_000;
  journal = new Map();
});

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  rmSync(directory, { recursive: true });
});

interface Opened {
  readonly audit: OpenCallAudit;
  readonly lost: { readonly route?: string; readonly calls: number; readonly why: string }[];
  readonly kept: EncodedRecord[];
  refuseValues: boolean;
  refuseRecords: false | "not written" | "written, reply lost";
  /** A gate that the journal waits at. */
  gate: Promise<void>;
}

async function open(options: CallAuditOptions = {}): Promise<Opened> {
  const state: Omit<Opened, "audit"> = {
    lost: [],
    kept: [],
    refuseValues: false,
    refuseRecords: false,
    gate: Promise.resolve(),
  };
  const recorder: CallRecorder = {
    keep: async (records) => {
      if (state.refuseValues) throw new Failure("keep a value: disk full");
      state.kept.push(...records);
    },
    append: async (records) => {
      await state.gate;
      if (state.refuseRecords !== "not written") records.forEach(write);
      if (state.refuseRecords !== false) throw new Failure("append: disk full");
    },
    countLost: (loss) => void state.lost.push(loss),
  };
  const journalHealth = (): JournalHealth =>
    state.refuseRecords === "not written" ? { writable: false, problem: "disk full" } : { writable: true };
  const audit = await openCallAudit(
    { directory, recorder, journalHealth, clock, log: silent },
    { retryMs: 20, ...options },
  );
  closing.push(() => audit.close());
  return Object.assign(state, { audit });
}

function write({ eventID, bytes }: JournalRecord): void {
  if (!journal.has(eventID)) journal.set(eventID, JSON.parse(Buffer.from(bytes).toString()) as AuditRecord);
}

/** As after a crash: nothing of `opened` gets any further. */
async function crash(opened: Opened): Promise<void> {
  opened.refuseRecords = "not written";
  opened.refuseValues = true;
  opened.gate = Promise.resolve();
  await closing.pop()?.();
}

function record(eventID: string, more: Partial<AuditRecord> = {}): AuditRecord {
  return {
    eventVersion: "1.11",
    userIdentity: { type: "Unknown" },
    eventTime: "2026-11-20T11:00:00Z",
    eventSource: "sqs.amazonaws.com",
    eventName: "CreateQueue",
    awsRegion: "us-east-1",
    sourceIPAddress: "192.0.2.1",
    eventID,
    eventType: "AwsApiCall",
    ...more,
  };
}

function intent(eventID: string, more: Partial<AuditRecord> = {}): AuditRecord {
  return record(eventID, { additionalEventData: { outcome: "unknown" }, ...more });
}

const mutating = (eventID: string): Parameters<OpenCallAudit["begin"]>[1] => ({
  mutates: true,
  intent: () => intent(eventID),
});
const reading: Parameters<OpenCallAudit["begin"]>[1] = {
  mutates: false,
  intent: () => {
    throw new Error("nobody asks for the intent of a read");
  },
};

/** eventIDs in the order of the journal; those whose outcome is unknown with a question mark. */
function told(): readonly string[] {
  return [...journal].map(([id, { additionalEventData }]) => `${id}${additionalEventData === undefined ? "" : "?"}`);
}

describe("required", () => {
  test("finish() resolves once the journal has the record, and the intent is forgotten", async () => {
    const opened = await open();
    await opened.audit.begin("required", mutating("a"));
    expect(opened.audit.state().intents.records).toBe(1);
    await opened.audit.finish("required", "all", record("a"));
    expect(told()).toEqual(["a"]);
    expect(opened.audit.state().intents.records).toBe(0);
    await crash(opened);
    const again = await open();
    await again.audit.recover();
    expect(told()).toEqual(["a"]);
  });

  test("recover() tells of a mutating call that never got its outcome, once", async () => {
    const opened = await open();
    await opened.audit.begin("required", mutating("a"));
    await opened.audit.begin("required", mutating("b"));
    await opened.audit.begin("required", reading);
    await opened.audit.finish("required", "all", record("b"));
    await crash(opened);
    for (let starts = 0; starts < 3; starts++) {
      const again = await open();
      await again.audit.recover();
      expect(told()).toEqual(["b", "a?"]);
      await crash(again);
    }
  });

  test("recover() does not tell of calls that are under way", async () => {
    const opened = await open();
    await opened.audit.begin("required", mutating("a"));
    await opened.audit.recover();
    expect(told()).toEqual([]);
    await opened.audit.finish("required", "all", record("a"));
    expect(told()).toEqual(["a"]);
  });

  test.each([
    ["a mutating call", true],
    ["a read", false],
  ])("begin() refuses %s when the journal refuses", async (_, mutates) => {
    const opened = await open();
    opened.refuseRecords = "not written";
    const call = mutates ? mutating("a") : reading;
    await expect(opened.audit.begin("required", call)).rejects.toThrow("disk full");
    opened.refuseRecords = false;
    await opened.audit.begin("required", call);
  });

  test("finish() rejects when the journal refuses; what is known is told as soon as it takes records", async () => {
    const opened = await open();
    await opened.audit.begin("required", mutating("a"));
    opened.refuseRecords = "not written";
    await expect(opened.audit.finish("required", "all", record("a"))).rejects.toThrow(Failure);
    opened.refuseRecords = false;
    await vi.waitFor(() => expect(told()).toEqual(["a"]));
    expect(opened.audit.state()).toMatchObject({ intents: { records: 0 }, spool: { records: 0 } });
    expect(opened.lost).toEqual([]);
  });

  test("finish() whose reply was lost is told once, with its outcome, after a restart", async () => {
    const opened = await open();
    await opened.audit.begin("required", mutating("a"));
    opened.refuseRecords = "written, reply lost";
    await expect(opened.audit.finish("required", "all", record("a"))).rejects.toThrow(Failure);
    await crash(opened);
    const again = await open();
    await again.audit.recover();
    expect(told()).toEqual(["a"]);
  });

  test("finish() whose values could not be kept leaves the intent, which is told", async () => {
    const opened = await open();
    await opened.audit.begin("required", mutating("a"));
    opened.refuseValues = true;
    const large = record("a", { responseElements: "x".repeat(200_000) });
    await expect(opened.audit.finish("required", "all", large)).rejects.toThrow("disk full");
    await vi.waitFor(() => expect(told()).toEqual(["a?"]));
    expect(opened.lost).toEqual([]);
  });

  test("finish() of a read that can be kept nowhere is counted", async () => {
    const opened = await open();
    await opened.audit.begin("required", reading);
    opened.refuseValues = true;
    const large = record("a", { requestParameters: "x".repeat(200_000) });
    await expect(opened.audit.finish("required", "queues", large)).rejects.toThrow("disk full");
    expect(opened.lost).toEqual([{ route: "queues", calls: 1, why: "keep a value: disk full" }]);
  });

  test("values that are too large for intent and record are kept first", async () => {
    const opened = await open();
    const parameters = { requestParameters: "x".repeat(200_000) };
    await opened.audit.begin("required", { mutates: true, intent: () => intent("a", parameters) });
    expect(opened.kept.map(({ eventID, oversize }) => [eventID, oversize.length])).toEqual([["a", 1]]);
    await opened.audit.finish("required", "all", record("a", parameters));
    expect(opened.kept).toHaveLength(2);
  });
});

test("recover() tells what the spool knows where an intent is left of the same call, and that once", async () => {
  const log = silent;
  const intents = await openPendingLog({ directory: join(directory, "intents"), clock, log });
  const spool = await openPendingLog({ directory: join(directory, "spool"), clock, log });
  for (const id of ["a", "b"]) await intents.put(encodeRecord(intent(id)));
  for (const id of ["c", "b"]) await spool.put(encodeRecord(record(id)));
  await intents.close();
  await spool.close();
  const opened = await open();
  await opened.audit.recover();
  expect(told()).toEqual(["a?", "c", "b"]);
  await crash(opened);
  journal.clear();
  const again = await open();
  await again.audit.recover();
  expect(told()).toEqual([]);
});

describe("spool", () => {
  test("finish() does not wait for the journal; it gets all records, in order", async () => {
    const opened = await open();
    opened.refuseRecords = "not written";
    const ids = Array.from({ length: 50 }, (_, index) => `r-${index}`);
    for (const id of ids) {
      await opened.audit.begin("spool", mutating(id));
      await opened.audit.finish("spool", "all", record(id));
      nowMs += 100;
    }
    expect(opened.audit.state().spool).toMatchObject({ records: 50, ageMs: 5000 });
    opened.refuseRecords = false;
    await vi.waitFor(() => expect(told()).toEqual(ids));
    expect(opened.audit.state().spool).toMatchObject({ records: 0, ageMs: 0 });
  });

  test("what the spool holds at a crash is journalled after the restart, once", async () => {
    const opened = await open();
    opened.refuseRecords = "not written";
    for (const id of ["a", "b", "c"]) await opened.audit.finish("spool", "all", record(id));
    await crash(opened);
    const again = await open();
    await again.audit.recover();
    expect(told()).toEqual(["a", "b", "c"]);
    await crash(again);
    const third = await open();
    await third.audit.recover();
    expect(told()).toEqual(["a", "b", "c"]);
  });

  test("begin() refuses when it is full, and no longer once the journal has taken it", async () => {
    const opened = await open({ spoolBytesMax: 40_000 });
    opened.refuseRecords = "not written";
    const ids: string[] = [];
    const call = async (): Promise<void> => {
      await opened.audit.begin("spool", mutating("unused"));
      const id = `r-${ids.length}`;
      await opened.audit.finish("spool", "all", record(id));
      ids.push(id);
    };
    await expect(
      (async () => {
        for (;;) await call();
      })(),
    ).rejects.toThrow("it is full");
    expect(ids.length).toBeGreaterThan(50);
    opened.refuseRecords = false;
    await vi.waitFor(async () => await call());
    await vi.waitFor(() => expect(told()).toEqual(ids));
  });

  test("finish() that finds no room rejects, and is counted", async () => {
    const opened = await open({ spoolBytesMax: 2_000 });
    opened.refuseRecords = "not written";
    await opened.audit.finish("spool", "queues", record("a", { requestParameters: "x".repeat(3000) }));
    await expect(opened.audit.finish("spool", "queues", record("b"))).rejects.toThrow("2000 bytes wait already");
    expect(opened.lost).toMatchObject([{ route: "queues", calls: 1 }]);
  });
});

describe("best-effort", () => {
  test("finish() resolves at once; the journal gets the record", async () => {
    const opened = await open();
    let pass = (): void => undefined;
    opened.gate = new Promise((resolve) => (pass = resolve));
    await opened.audit.begin("best-effort", mutating("a"));
    await opened.audit.finish("best-effort", "all", record("a"));
    expect(opened.audit.state().queue.records).toBe(1);
    pass();
    await vi.waitFor(() => expect(told()).toEqual(["a"]));
    expect(opened.audit.state().queue).toEqual({ records: 0, bytes: 0 });
  });

  test("what finds no room while the journal refuses is counted by route, the rest is told", async () => {
    const opened = await open();
    opened.refuseRecords = "not written";
    const routes = ["even", "odd"] as const;
    for (let call = 0; call < 10_006; call++) {
      const route = routes[call % 2] ?? "";
      await opened.audit.finish("best-effort", route, record(`r-${call}`));
    }
    expect(opened.lost.map(({ route, calls }) => [route, calls])).toEqual(
      ["even", "odd", "even", "odd", "even", "odd"].map((route) => [route, 1]),
    );
    opened.refuseRecords = false;
    await vi.waitFor(() => expect(journal.size).toBe(10_000));
  });

  test("close() counts what the journal does not take", async () => {
    const opened = await open();
    opened.refuseRecords = "not written";
    for (const id of ["a", "b"]) await opened.audit.finish("best-effort", "all", record(id));
    await crash(opened);
    expect(opened.lost).toEqual(Array(2).fill({ route: "all", calls: 1, why: "append: disk full" }));
  });
});

test("recover() counts what damage took, and tells the rest", async () => {
  const opened = await open();
  opened.refuseRecords = "not written";
  for (const id of ["a", "b", "c"]) await opened.audit.finish("spool", "all", record(id));
  await crash(opened);
  const [name = ""] = readdirSync(join(directory, "spool"));
  const path = join(directory, "spool", name);
  writeFileSync(path, readFileSync(path, "latin1").replace('"eventID":"b"', '"eventID":"x"'), "latin1");
  const again = await open();
  await again.audit.recover();
  expect(told()).toEqual(["a", "c"]);
  expect(again.lost).toEqual([{ calls: 1, why: expect.stringMatching(/^pending log .*damaged.* is not known$/) }]);
});

test.each<AuditMode>(["required", "spool", "best-effort"])(
  "of many concurrent calls in %s each is told once",
  async (mode) => {
    const opened = await open();
    const ids = Array.from({ length: 300 }, (_, index) => `r-${index}`);
    await Promise.all(
      ids.map(async (id) => {
        await opened.audit.begin(mode, mutating(id));
        await opened.audit.finish(mode, "all", record(id));
      }),
    );
    await vi.waitFor(async () => expect(told().toSorted()).toEqual(ids.toSorted()));
    expect(opened.lost).toEqual([]);
  },
);
