import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  FilterLogEventsCommand,
  PutLogEventsCommand,
  paginateFilterLogEvents,
} from "@aws-sdk/client-cloudwatch-logs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServer, type TestServer } from "../server.ts";
import { CLIENTS, whySkipped } from "./clients.ts";

const GROUP = { logGroupName: "/app/orders" };
const STREAM = { ...GROUP, logStreamName: "web" };
/** `aws logs tail` belongs to version 2. */
const CLI = CLIENTS.find(({ name }) => name === "AWS CLI v2 of Debian");

describe("log groups", () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), "opentrail-logs-"));
  let server: TestServer;
  let logs: CloudWatchLogsClient;

  const connect = (): CloudWatchLogsClient =>
    new CloudWatchLogsClient({
      endpoint: server.endpoint,
      region: "us-east-1",
      credentials: server.root,
      maxAttempts: 1,
    });
  const put = async (...messages: readonly string[]): Promise<void> => {
    const timestamp = Date.now();
    await logs.send(
      new PutLogEventsCommand({ ...STREAM, logEvents: messages.map((message) => ({ timestamp, message })) }),
    );
  };

  beforeAll(async () => {
    server = await startServer({ dataDirectory });
    logs = connect();
    await logs.send(new CreateLogGroupCommand(GROUP));
    await logs.send(new CreateLogStreamCommand(STREAM));
  });
  afterAll(async () => {
    await server.stop();
    rmSync(dataDirectory, { recursive: true, force: true });
  });

  test("a broken constraint is an InvalidParameterException", async () => {
    const refused = logs.send(new CreateLogGroupCommand({ logGroupName: "not good" }));
    await expect(refused).rejects.toMatchObject({
      name: "InvalidParameterException",
      message: expect.stringContaining("1 validation error detected: Value 'not good' at 'logGroupName'"),
    });
  });

  test.skipIf(CLI?.missing !== undefined)(
    `aws logs tail --follow shows what comes${whySkipped(CLI?.missing)}`,
    async () => {
      await put("before: fine", "before: ERROR");
      const tail = follow(CLI?.command ?? "", server);
      try {
        await tail.says("before: ERROR");
        for (let count = 1; count <= 3; count += 1) await put(`ERROR ${count}`, `fine ${count}`);
        await tail.says("ERROR 3");
      } finally {
        tail.process.kill();
      }
      const lines = tail.text().trim().split("\n");
      expect(lines.map((line) => line.replace(/^\S+ web /, ""))).toEqual([
        "before: ERROR",
        "ERROR 1",
        "ERROR 2",
        "ERROR 3",
      ]);
    },
    60_000,
  );

  test("what was acknowledged before kill -9 is there after it, once", async () => {
    const acknowledged: string[] = [];
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let count = 0; ; count += 1) {
        const message = `w${writer} ${count}`;
        try {
          await put(message);
          acknowledged.push(message);
        } catch {
          // The server is gone: this one was not acknowledged.
          return;
        }
      }
    });
    while (acknowledged.length < 200) await new Promise((resolve) => setTimeout(resolve, 10));
    await server.kill();
    await Promise.all(writers);
    server = await startServer({ dataDirectory });
    logs = connect();
    const found: string[] = [];
    for await (const page of paginateFilterLogEvents({ client: logs }, { ...GROUP, limit: 50 })) {
      found.push(...(page.events ?? []).map(({ message }) => message ?? ""));
    }
    expect(new Set(found).size).toBe(found.length);
    expect(acknowledged.filter((message) => !found.includes(message))).toEqual([]);
    const { events } = await logs.send(new FilterLogEventsCommand({ ...GROUP, filterPattern: '"w1 0"' }));
    expect(events).toHaveLength(1);
  });
});

interface Following {
  readonly process: ChildProcess;
  readonly text: () => string;
  /** Resolves once the text was seen. */
  says(text: string): Promise<void>;
}

function follow(command: string, server: TestServer): Following {
  const words = ["--endpoint-url", server.endpoint, "logs", "tail", GROUP.logGroupName];
  const process = spawn(command, [...words, "--follow", "--filter-pattern", "ERROR"], {
    // What it prints into a pipe would otherwise wait for more.
    env: { ...server.environment, PYTHONUNBUFFERED: "1" },
  });
  let text = "";
  process.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  process.stderr.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  return {
    process,
    text: () => text,
    says: async (expected) => {
      while (!text.includes(expected)) {
        if (process.exitCode !== null) throw new Error(`aws logs tail ended: ${text}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
  };
}
