import { describe, expect, test } from "vitest";
import { viewEvent } from "./event-view.ts";
import { eventOf } from "./events.fixture.ts";
import { eventSentence } from "./sentence.ts";
import { utcZone } from "./time-argument.ts";

const of = (...event: Parameters<typeof eventOf>): string => eventSentence(viewEvent(eventOf(...event)), utcZone);
const AT = "from 192.0.2.7 with aws-cli/2.9.19 at 2026-08-01 12:00:00Z";
const key = [{ ResourceType: "AWS::IAM::User", ResourceName: "Mary" }];

describe("eventSentence()", () => {
  test.each<[string, Parameters<typeof eventOf>, string]>([
    ["a creation", [], `Mary created by John (IAMUser) ${AT}; allowed`],
    [
      "a creation that was denied",
      [{ errorCode: "AccessDenied" }],
      `CreateUser on Mary by John (IAMUser) ${AT}; denied (AccessDenied)`,
    ],
    [
      "a creation that failed",
      [{ errorCode: "EntityAlreadyExists" }],
      `CreateUser on Mary by John (IAMUser) ${AT}; failed (EntityAlreadyExists)`,
    ],
    [
      "a creation of something else than the resource",
      [{ eventName: "CreateAccessKey" }, { Resources: key }],
      `CreateAccessKey on Mary by John (IAMUser) ${AT}; allowed`,
    ],
    [
      "a call without a resource",
      [{ eventName: "ListUsers" }, { Resources: [] }],
      `ListUsers by John (IAMUser) ${AT}; allowed`,
    ],
    ["root", [{ userIdentity: { type: "Root" } }], `Mary created by root ${AT}; allowed`],
    [
      "nobody known, nowhere",
      [{ userIdentity: {}, sourceIPAddress: undefined, userAgent: undefined }, { Username: undefined }],
      "Mary created by nobody known at 2026-08-01 12:00:00Z; allowed",
    ],
    [
      "a user agent in brackets",
      [{ userAgent: "[aws-sdk-java/2.1 Linux]" }],
      "Mary created by John (IAMUser) from 192.0.2.7 with aws-sdk-java/2.1 at 2026-08-01 12:00:00Z; allowed",
    ],
    [
      "an unusual rate",
      [
        {
          insightDetails: {
            state: "Start",
            insightType: "ApiErrorRateInsight",
            eventName: "DescribeQuery",
            eventSource: "ssm.amazonaws.com",
            errorCode: "AccessDenied",
            insightContext: { statistics: { baseline: { average: 0.000088 }, insight: { average: 1.23456 } } },
          },
        },
      ],
      "ApiErrorRateInsight of AccessDenied of DescribeQuery (ssm.amazonaws.com): Start at 2026-08-01 12:00:00Z; 1.23 (usually 0.000088) a minute",
    ],
    [
      "a name that would clear the screen",
      [{}, { Resources: [{ ResourceType: "AWS::IAM::User", ResourceName: "\u001b[2JMary" }] }],
      `\\u001b[2JMary created by John (IAMUser) ${AT}; allowed`,
    ],
  ])("tells %s", (_, event, sentence) => expect(of(...event)).toBe(sentence));
});
