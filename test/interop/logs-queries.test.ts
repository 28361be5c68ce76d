import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServer, type TestServer } from "../server.ts";
import { type Answer, type AwsClient, list, type Parameters, text } from "./client.ts";
import { CLIENTS, whySkipped } from "./clients.ts";
import { jsClient } from "./js-client.ts";

const GROUP = { logGroupName: "/trails/all" };
const RECORDS = [
  { eventName: "ConsoleLogin", userIdentity: { type: "Root" }, sourceIPAddress: "198.51.100.7" },
  { eventName: "StopLogging", userIdentity: { type: "IAMUser" }, errorCode: "AccessDenied" },
  { eventName: "StopLogging", userIdentity: { type: "Root" } },
];
const NOW = Date.now();
const RANGE = { startTime: Math.floor(NOW / 1000) - 60, endTime: Math.floor(NOW / 1000) + 60 };

describe("queries of log groups", () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), "opentrail-queries-"));
  let server: TestServer;

  const call = (client: AwsClient, operation: string, parameters: Parameters): Promise<Answer> =>
    client.call("logs", operation, parameters, { credentials: server.root });

  beforeAll(async () => {
    server = await startServer({ dataDirectory });
    const client = jsClient(server.endpoint);
    const stream = { ...GROUP, logStreamName: "s" };
    await call(client, "CreateLogGroup", GROUP);
    await call(client, "CreateLogStream", stream);
    const logEvents = RECORDS.map((record, at) => ({ timestamp: NOW + at, message: JSON.stringify(record) }));
    await call(client, "PutLogEvents", { ...stream, logEvents });
    client.close();
  });
  afterAll(async () => {
    await server.stop();
    rmSync(dataDirectory, { recursive: true, force: true });
  });

  describe.each(CLIENTS)("$name", ({ missing, open }) => {
    test.skipIf(missing !== undefined)(`starts, reads and understands queries${whySkipped(missing)}`, async () => {
      const client = open(server.endpoint);
      try {
        const queryString = "stats count(*) as calls by userIdentity.type | sort calls desc";
        const started = await call(client, "StartQuery", { ...GROUP, ...RANGE, queryString });
        const queryId = text(started.output, "queryId");
        let answer = await call(client, "GetQueryResults", { queryId });
        while (text(answer.output, "status") !== "Complete")
          answer = await call(client, "GetQueryResults", { queryId });
        expect(answer.output).toMatchObject({
          results: [
            [
              { field: "userIdentity.type", value: "Root" },
              { field: "calls", value: "2" },
            ],
            [
              { field: "userIdentity.type", value: "IAMUser" },
              { field: "calls", value: "1" },
            ],
          ],
          statistics: { recordsMatched: 3, recordsScanned: 3 },
        });
        const described = await call(client, "DescribeQueries", { ...GROUP, status: "Complete" });
        expect(list(described.output, "queries")[0]).toMatchObject({ queryId, logGroupName: GROUP.logGroupName });

        const malformed = await call(client, "StartQuery", { ...GROUP, ...RANGE, queryString: "fields a bad" });
        expect(malformed.error).toMatchObject({
          code: "MalformedQueryException",
          message: expect.stringContaining("unexpected symbol found bad at line 1 and position 9"),
        });
        expect((await call(client, "StopQuery", { queryId })).error?.code).toBe("InvalidParameterException");

        const matched = await call(client, "TestMetricFilter", {
          filterPattern: '{ $.userIdentity.type = "Root" && $.errorCode NOT EXISTS && $.sourceIPAddress = "*" }',
          logEventMessages: RECORDS.map((record) => JSON.stringify(record)),
        });
        expect(list(matched.output, "matches")).toEqual([
          {
            eventNumber: 1,
            eventMessage: JSON.stringify(RECORDS[0]),
            extractedValues: { "$.userIdentity.type": "Root", "$.sourceIPAddress": "198.51.100.7" },
          },
        ]);
      } finally {
        client.close();
      }
    });
  });
});
