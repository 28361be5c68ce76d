import type { Event } from "./event-view.ts";

/** An event as LookupEvents answers it: John creates Mary, unless told otherwise. */
export function eventOf(record: Readonly<Record<string, unknown>> = {}, event: Partial<Event> = {}): Event {
  const whole = {
    eventVersion: "1.11",
    userIdentity: { type: "IAMUser", userName: "John", arn: "arn:aws:iam::123456789012:user/John" },
    eventTime: "2026-08-01T12:00:00Z",
    eventSource: "iam.amazonaws.com",
    eventName: "CreateUser",
    awsRegion: "us-east-1",
    sourceIPAddress: "192.0.2.7",
    userAgent: "aws-cli/2.9.19 Python/3.11.2 Linux/6.1",
    requestParameters: { userName: "Mary" },
    requestID: "5d6c0d3e-request",
    eventID: "0ebbaee4-6c3a-4d2e-9b0f-0f1e2d3c4b5a",
    readOnly: false,
    ...record,
  };
  return {
    EventId: whole.eventID,
    EventName: whole.eventName,
    EventSource: whole.eventSource,
    EventTime: new Date(whole.eventTime),
    ReadOnly: String(whole.readOnly),
    Username: "John",
    Resources: [{ ResourceType: "AWS::IAM::User", ResourceName: "Mary" }],
    CloudTrailEvent: JSON.stringify(whole),
    ...event,
  };
}
