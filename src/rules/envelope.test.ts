import { describe, expect, test } from "vitest";
import type { AuditRecord } from "../record/index.ts";
import { recordedEvent } from "./envelope.ts";
import { ACCOUNT, REGION, recordOf } from "./rules.fixture.ts";

function eventOfRecord(changes: Readonly<Record<string, unknown>>, hops = 0) {
  const record = recordOf(changes);
  const bytes = Buffer.from(JSON.stringify(record));
  return recordedEvent(record as unknown as AuditRecord, { sequence: 7, bytes }, hops);
}

describe("recordedEvent()", () => {
  test("wraps the record in AWS's envelope, its bytes as they are", () => {
    const event = eventOfRecord({ recipientAccountId: ACCOUNT }, 2);
    const record = recordOf();
    expect(event?.text).toBe(
      `{"version":"0","id":"${String(record["eventID"])}","detail-type":"AWS API Call via CloudTrail","source":"aws.dynamodb",` +
        `"account":"${ACCOUNT}","time":"2026-11-20T12:00:00Z","region":"${REGION}","resources":[],` +
        `"detail":${JSON.stringify(record)}}`,
    );
    expect(JSON.parse(event?.text ?? "")).toEqual(event?.envelope);
    expect(event).toMatchObject({ hops: 2, sequence: 7, readOnlyManagement: false });
  });

  test.each([
    [{ eventType: "AwsApiCall" }, "AWS API Call via CloudTrail", "aws.dynamodb"],
    [{ eventType: "__proto__" }, "AWS API Call via CloudTrail", "aws.dynamodb"],
    [
      { eventType: "AwsConsoleSignIn", eventSource: "signin.amazonaws.com" },
      "AWS Console Sign In via CloudTrail",
      "aws.signin",
    ],
    [{ eventType: "AwsConsoleAction" }, "AWS Console Action via CloudTrail", "aws.dynamodb"],
    [
      { eventType: "AwsServiceEvent", eventSource: "opentrail.amazonaws.com" },
      "AWS Service Event via CloudTrail",
      "aws.opentrail",
    ],
    [{ eventType: "AwsCloudTrailInsight", eventCategory: "Insight" }, "AWS Insight via CloudTrail", "aws.cloudtrail"],
    [
      { eventType: "AwsVpceEvent", eventCategory: "NetworkActivity" },
      "AWS Network Activity Event via CloudTrail",
      "aws.dynamodb",
    ],
  ])("calls %j %s from %s", (changes, detailType, source) => {
    expect(eventOfRecord(changes)?.envelope).toMatchObject({ "detail-type": detailType, source });
  });

  test.each([
    [{ readOnly: true }, true],
    [{ readOnly: true, eventCategory: undefined }, true],
    [{ readOnly: false }, false],
    [{ readOnly: undefined }, false],
    [{ readOnly: true, eventCategory: "Data" }, false],
    [{ readOnly: true, eventName: "GetSessionToken" }, false],
    [{ readOnly: true, eventName: "GetFederationToken" }, false],
  ])("knows of %j whether it only reads: %s", (changes, expected) => {
    expect(eventOfRecord(changes)?.readOnlyManagement).toBe(expected);
  });

  test("takes the caller's account where the record names no other", () => {
    expect(eventOfRecord({ recipientAccountId: undefined })?.envelope.account).toBe(ACCOUNT);
  });

  test.each([
    { eventID: undefined },
    { eventTime: 5 },
    { eventSource: null },
    { awsRegion: "" },
    { recipientAccountId: undefined, userIdentity: null },
    { recipientAccountId: {} },
  ])("makes nothing of a record with %j", (changes) => expect(eventOfRecord(changes)).toBeUndefined());
});
