import { describe, expect, test } from "vitest";
import { openLogs, refusal } from "./open-logs.fixture.ts";

describe("TestMetricFilter", () => {
  test("answers the messages that match by number, with what the pattern sees in them", async () => {
    const logs = await openLogs();
    const logEventMessages = [
      '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /apache_pb.gif HTTP/1.0" 200 1534',
      '127.0.0.1 - frank [10/Oct/2000:13:35:22 -0700] "GET /apache_pb.gif HTTP/1.0" 500 5324',
      "nothing of the kind",
    ];
    const answer = await logs.call("TestMetricFilter", {
      filterPattern: "[ip, identity, user_id, timestamp, request, status_code = 5*, size]",
      logEventMessages,
    });
    const extractedValues = {
      $ip: "127.0.0.1",
      $identity: "-",
      $user_id: "frank",
      $timestamp: "10/Oct/2000:13:35:22 -0700",
      $request: "GET /apache_pb.gif HTTP/1.0",
      $status_code: "500",
      $size: "5324",
    };
    expect(answer).toEqual({ matches: [{ eventNumber: 2, eventMessage: logEventMessages[1], extractedValues }] });
  });

  test("refuses what is no pattern", async () => {
    const logs = await openLogs();
    const input = { filterPattern: "{ $.a EXISTS }", logEventMessages: ["x"] };
    expect(await refusal(logs.call("TestMetricFilter", input))).toBe(
      "InvalidParameterException: Invalid character(s) in term 'EXISTS'",
    );
  });
});
