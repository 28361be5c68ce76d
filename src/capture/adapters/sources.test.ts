import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Failure } from "../../core/index.ts";
import type { AuditRecord } from "../../record/index.ts";
import { type AuditSource, openSources, type Sources, type WebhookHeaders } from "./index.ts";

const TOKEN = "a-token-of-some-length";
const AUTHORIZED = { authorization: `Bearer ${TOKEN}` };

let directory: string;
let sources: Sources | undefined;
let records: AuditRecord[];
let failing: boolean;
let heard: string[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "sources-"));
  [records, failing, heard] = [[], false, []];
});
afterEach(async () => {
  await sources?.close();
  sources = undefined;
  await rm(directory, { recursive: true });
});

function start(...list: AuditSource[]): Sources {
  sources = openSources(list, {
    account: "123456789012",
    region: "us-east-1",
    directory: join(directory, "state"),
    clock: { now: () => 1_000, elapsed: () => 0 },
    log: { info: () => undefined, warn: () => undefined },
    heard: (source) => heard.push(source),
    record: async (batch) => {
      if (failing) throw new Failure("append");
      records.push(...batch);
    },
  });
  return sources;
}

const MINIO: AuditSource = { name: "store", kind: "minio", transport: { kind: "webhook", token: TOKEN } };
const CLUSTER: AuditSource = {
  name: "cluster",
  kind: "kubernetes",
  account: "999999999999",
  region: "eu-west-1",
  transport: { kind: "webhook", token: TOKEN },
};

const call = (requestID: string) => ({
  time: "2026-08-01T12:00:00Z",
  trigger: "incoming",
  api: { name: "GetObject", bucket: "b", object: "k", statusCode: 200 },
  requestID,
});

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

function post(text: string, source = "store", headers: WebhookHeaders = AUTHORIZED) {
  return (sources as Sources).handleWebhook(source, pieces(text), headers);
}

describe("handleWebhook()", () => {
  test("answers 200 once the records are there", async () => {
    start(MINIO);
    expect(await post(JSON.stringify(call("1")))).toEqual({ status: 200, text: "recorded 1, skipped 0" });
    expect(records).toMatchObject([{ eventName: "GetObject", requestID: "1", recipientAccountId: "123456789012" }]);
    expect(heard).toEqual(["store"]);
  });

  test("takes a batch of Kubernetes', into the account and Region of the source", async () => {
    start(CLUSTER);
    const event = { verb: "get", stageTimestamp: "2026-08-01T12:00:00Z", objectRef: { resource: "pods" } };
    const items = [
      { ...event, stage: "RequestReceived", auditID: "1" },
      { ...event, stage: "ResponseComplete", auditID: "1" },
    ];
    expect(await post(JSON.stringify({ kind: "EventList", items }), "cluster")).toMatchObject({ status: 200 });
    expect(records).toMatchObject([{ recipientAccountId: "999999999999", awsRegion: "eu-west-1" }]);
  });

  test.each([
    ["lines", `${JSON.stringify(call("1"))}\n\n${JSON.stringify(call("2"))}\n`, 2],
    ["a list", JSON.stringify([call("1"), call("2")]), 2],
    ["lines of which one is broken", `${JSON.stringify(call("1"))}\n{"half\n`, 1],
    ["a question whether anybody listens", "{}", 0],
    ["nothing", "", 0],
  ])("takes %s", async (_, text, count) => {
    start(MINIO);
    expect(await post(text)).toMatchObject({ status: 200 });
    expect(records).toHaveLength(count);
  });

  test("gives entries that come again the same eventIDs", async () => {
    start(MINIO);
    await post(JSON.stringify(call("1")));
    await post(JSON.stringify(call("1")));
    expect(records[0]?.eventID).toBe(records[1]?.eventID);
  });

  test("counts what came, what was recorded, and why the rest was not", async () => {
    start(MINIO);
    await post(`${JSON.stringify(call("1"))}\n{}\n7\n{"half\n`);
    expect(sources?.stats()).toEqual({
      store: {
        seen: 3,
        recorded: 1,
        skipped: 3,
        skippedBy: { "not an audit entry": 1, "not an object": 1, "not JSON": 1 },
        lastSeenMs: 1_000,
      },
    });
  });

  test("refuses what a delivery of ours brings: a rule that matches it would never end", async () => {
    start(MINIO);
    const read = vi.fn<() => AsyncIterator<Uint8Array>>();
    const headers = { authorization: `Bearer ${TOKEN}`, "x-opentrail-delivery": "1.2.x" };
    expect(await sources?.handleWebhook("store", { [Symbol.asyncIterator]: read }, headers)).toMatchObject({
      status: 403,
    });
    expect(read).not.toHaveBeenCalled();
  });

  test.each([
    ["none", {}],
    ["another", { authorization: "Bearer another" }],
    ["a longer one", { authorization: `Bearer ${TOKEN}x` }],
    ["an empty one", { authorization: "Bearer " }],
    ["two", { authorization: [`Bearer ${TOKEN}`, "x"] }],
  ])("refuses %s instead of the token, without reading the body", async (_, headers) => {
    start(MINIO);
    const read = vi.fn<() => AsyncIterator<Uint8Array>>();
    const body = { [Symbol.asyncIterator]: read };
    expect(await sources?.handleWebhook("store", body, headers)).toMatchObject({ status: 401 });
    expect(read).not.toHaveBeenCalled();
  });

  test.each([TOKEN, `bearer ${TOKEN}`])("takes the token as %s", async (authorization) => {
    start(MINIO);
    expect(await post("{}", "store", { authorization })).toMatchObject({ status: 200 });
  });

  test("knows only sources with a webhook", async () => {
    start(MINIO, { name: "file", kind: "vault", transport: { kind: "file", path: join(directory, "none") } });
    for (const source of ["file", "other", "__proto__"]) {
      expect(await post("{}", source)).toMatchObject({ status: 404 });
    }
  });

  test("answers 503 when the records cannot be made durable, and takes them when they come again", async () => {
    start(MINIO);
    failing = true;
    expect(await post(JSON.stringify(call("1")))).toMatchObject({ status: 503 });
    expect(sources?.stats()["store"]).toMatchObject({ seen: 0, problem: "append" });
    failing = false;
    expect(await post(JSON.stringify(call("1")))).toMatchObject({ status: 200 });
    expect(sources?.stats()["store"]).not.toHaveProperty("problem");
  });

  test("answers 400 to what is no JSON, and to half a body", async () => {
    start(MINIO);
    expect(await post("hello")).toMatchObject({ status: 400 });
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield* pieces(JSON.stringify(call("1")));
      throw new Error("reset");
    }
    expect(await sources?.handleWebhook("store", broken(), AUTHORIZED)).toMatchObject({ status: 400 });
    expect(records).toEqual([]);
  });

  test("stops reading a body that is too large", async () => {
    start(MINIO);
    let sent = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        sent += 1;
        yield Buffer.alloc(1024 * 1024, " ");
      }
    }
    expect(await sources?.handleWebhook("store", endless(), AUTHORIZED)).toMatchObject({ status: 413 });
    expect(sent).toBe(11);
  });

  test("bounds what all bodies take together, and has the room again when they are done", async () => {
    const started = start(MINIO);
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(9 * 1024 * 1024, " ");
      await released;
    }
    const waiting = Array.from({ length: 7 }, () => started.handleWebhook("store", slow(), AUTHORIZED));
    expect(await post(" ".repeat(9 * 1024 * 1024))).toMatchObject({ status: 503 });
    release();
    await Promise.all(waiting);
    expect(await post(" ".repeat(9 * 1024 * 1024))).toMatchObject({ status: 200 });
  });

  test("survives a body nested a million deep", async () => {
    start(MINIO);
    expect([200, 400]).toContain((await post("[".repeat(1_000_000) + "]".repeat(1_000_000))).status);
    expect([200, 400]).toContain((await post('{"api":'.repeat(300_000))).status);
  });
});

describe("openSources()", () => {
  const vaultLine = (id: string) =>
    JSON.stringify({ type: "response", time: "2026-08-01T12:00:00Z", request: { id, operation: "read", path: "a" } });

  test("follows files, and goes on where it was", async () => {
    const path = join(directory, "vault.log");
    const source: AuditSource = { name: "vault", kind: "vault", transport: { kind: "file", path } };
    await writeFile(path, `${vaultLine("1")}\nnot JSON\n${vaultLine("2")}\n`);
    start(source);
    await vi.waitFor(() => expect(records).toHaveLength(2));
    expect(sources?.stats()["vault"]).toMatchObject({ recorded: 2, skippedBy: { "not JSON": 1 } });
    await sources?.close();
    await writeFile(path, `${vaultLine("3")}\n`, { flag: "a" });
    start(source);
    await vi.waitFor(() => expect(records).toHaveLength(3));
    expect(records.map(({ requestID }) => requestID)).toEqual(["1", "2", "3"]);
  });

  test("reads radosgw's endless list, and directories of access logs", async () => {
    const ops = (id: string) =>
      JSON.stringify({ time: "2026-08-01T12:00:00Z", operation: "get_obj", bucket: "b", object: "k", trans_id: id });
    await writeFile(join(directory, "ops.log"), `[${ops("1")},\n${ops("2")},\n${ops("3")}\n`);
    const line = `o b [06/Feb/2026:00:00:38 +0000] - r id REST.GET.OBJECT k "GET /k HTTP/1.1" 200 - 1 1 1 1 "-" "a" -\n`;
    await writeFile(join(directory, "2026-access"), line);
    start(
      { name: "ops", kind: "ceph-ops-log", transport: { kind: "file", path: join(directory, "ops.log") } },
      { name: "access", kind: "s3-access-log", transport: { kind: "file", path: join(directory, "2026-access") } },
    );
    await vi.waitFor(() => expect(records).toHaveLength(4));
    expect(sources?.stats()).toMatchObject({ ops: { recorded: 3, skipped: 0 }, access: { recorded: 1, skipped: 0 } });
  });

  test("tells what keeps a file from being recorded, and records it when that is over", async () => {
    const path = join(directory, "vault.log");
    await writeFile(path, `${vaultLine("1")}\n`);
    failing = true;
    start({ name: "vault", kind: "vault", transport: { kind: "file", path } });
    await vi.waitFor(() => expect(sources?.stats()["vault"]?.problem).toBe("append"));
    failing = false;
    await vi.waitFor(() => expect(records).toHaveLength(1), 3_000);
    await vi.waitFor(() => expect(sources?.stats()["vault"]).not.toHaveProperty("problem"));
  });
});
