import { describe, expect, test } from "vitest";
import { resourceLabel, viewEvent } from "./event-view.ts";
import { eventOf } from "./events.fixture.ts";

describe("viewEvent()", () => {
  test("takes out what a person looks for", () => {
    expect(viewEvent(eventOf())).toMatchObject({
      id: "0ebbaee4-6c3a-4d2e-9b0f-0f1e2d3c4b5a",
      time: Date.parse("2026-08-01T12:00:00Z"),
      name: "CreateUser",
      source: "iam.amazonaws.com",
      who: "John",
      identityType: "IAMUser",
      from: "192.0.2.7",
      requestId: "5d6c0d3e-request",
      outcome: { kind: "allowed", code: "" },
      resources: [{ type: "AWS::IAM::User", name: "Mary" }],
      writes: true,
      insight: undefined,
    });
  });

  test.each([
    ["root", { type: "Root", arn: "arn:aws:iam::123456789012:root" }, "root"],
    [
      "a session of a role",
      { type: "AssumedRole", arn: "arn:aws:sts::123456789012:assumed-role/Admin/mary" },
      "Admin/mary",
    ],
    ["a federated user", { type: "FederatedUser", arn: "arn:aws:sts::123456789012:federated-user/Bob" }, "Bob"],
    ["a service", { type: "AWSService", invokedBy: "cloudformation.amazonaws.com" }, "cloudformation.amazonaws.com"],
    ["another account", { type: "AWSAccount", accountId: "210987654321" }, "210987654321"],
    ["nobody known", { type: "Unknown" }, "John"],
  ])("names %s", (_, userIdentity, who) => expect(viewEvent(eventOf({ userIdentity })).who).toBe(who));

  test.each([
    [{ errorCode: "AccessDenied" }, { kind: "denied", code: "AccessDenied" }],
    [{ errorCode: "Client.UnauthorizedOperation" }, { kind: "denied", code: "Client.UnauthorizedOperation" }],
    [
      { errorCode: "MissingAuthenticationTokenException" },
      { kind: "denied", code: "MissingAuthenticationTokenException" },
    ],
    [{ errorCode: "EntityAlreadyExistsException" }, { kind: "failed", code: "EntityAlreadyExistsException" }],
    [
      { errorMessage: "Failed authentication", responseElements: { ConsoleLogin: "Failure" } },
      { kind: "failed", code: "Failure" },
    ],
    [{ responseElements: { ConsoleLogin: "Success" } }, { kind: "allowed", code: "" }],
  ])("judges %j", (record, outcome) => expect(viewEvent(eventOf(record)).outcome).toEqual(outcome));

  test.each(["not json", "null", "[]", "7", '{"userIdentity":7,"errorCode":{},"insightDetails":null}'])(
    "shows what the server says of a record that is %s",
    (CloudTrailEvent) => {
      const view = viewEvent(eventOf({}, { CloudTrailEvent }));
      expect(view).toMatchObject({ name: "CreateUser", who: "John", from: "", record: CloudTrailEvent });
    },
  );

  test("reads an Insights event", () => {
    const record = {
      eventTime: "2026-08-01T12:00:00Z",
      eventID: "1",
      insightDetails: {
        state: "Start",
        eventSource: "ssm.amazonaws.com",
        eventName: "DescribeQuery",
        insightType: "ApiErrorRateInsight",
        errorCode: "AccessDenied",
        insightContext: { statistics: { baseline: { average: 0 }, insight: { average: 1.2 } } },
      },
    };
    expect(viewEvent({ CloudTrailEvent: JSON.stringify(record) })).toMatchObject({
      id: "1",
      time: Date.parse("2026-08-01T12:00:00Z"),
      who: "",
      insight: { state: "Start", eventName: "DescribeQuery", average: 1.2, baseline: 0 },
    });
  });
});

describe("resourceLabel()", () => {
  test.each([
    ["Mary", "Mary"],
    ["arn:aws:iam::123456789012:user/Mary", "user/Mary"],
    ["arn:aws:s3:::bucket/ring.txt", "bucket/ring.txt"],
  ])("of %s is %s", (name, label) => expect(resourceLabel({ type: "", name })).toBe(label));
});
