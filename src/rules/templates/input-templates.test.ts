import { describe, expect, test } from "vitest";
import { compileTransformer } from "../input-transformer.ts";
import type { EventEnvelope } from "../rule.ts";
import { busEvent } from "../tables.fixture.ts";
import { inputTemplates } from "./input-templates.ts";

const CALL: EventEnvelope["detail"] = {
  eventID: "3038ebd2-c98a-4c65-9b6e-e22506292313",
  eventName: "DeleteTable",
  eventSource: "dynamodb.amazonaws.com",
  sourceIPAddress: "198.51.100.7",
  userIdentity: { type: "IAMUser", arn: 'arn:aws:iam::123456789012:user/<!channel> "jo"' },
  errorCode: "AccessDenied",
};

/** What a target gets of a call. */
function render(name: keyof typeof inputTemplates, detail: EventEnvelope["detail"]): Record<string, unknown> {
  const occasion = {
    event: busEvent(0, detail),
    ruleArn: "arn",
    ruleName: "rule",
    ingestionTime: "2026-11-20T20:00:00Z",
  };
  return JSON.parse(compileTransformer(inputTemplates[name])(occasion)) as Record<string, unknown>;
}

describe("inputTemplates", () => {
  test.each(["slack", "teams", "pagerduty"] as const)(
    "of %s tell who, what, when, from where and whether it was denied",
    (name) => {
      const text = JSON.stringify(render(name, CALL));
      for (const said of [
        "DeleteTable",
        "dynamodb.amazonaws.com",
        "198.51.100.7",
        "user/<!channel>",
        "AccessDenied",
        "2026-11-20T20:00:00Z",
      ]) {
        expect(text).toContain(said);
      }
    },
  );

  test.each(["slack", "teams", "pagerduty"] as const)(
    "of %s are JSON, and within EventBridge's limit, whatever is missing",
    (name) => {
      expect(() => render(name, {})).not.toThrow();
      expect(inputTemplates[name].InputTemplate.length).toBeLessThan(8192);
    },
  );

  test("of slack are blocks of plain text within Slack's limits", () => {
    const { text, blocks } = render("slack", CALL) as {
      readonly text: string;
      readonly blocks: readonly {
        readonly type: string;
        readonly text?: { type: string };
        readonly fields?: readonly { type: string }[];
      }[];
    };
    expect(text).toBe("DeleteTable in account 123456789012");
    const texts = blocks.flatMap((block) => [block.text ?? [], block.fields ?? []].flat());
    expect(blocks.every(({ type, fields = [] }) => type === "section" && fields.length <= 10)).toBe(true);
    expect(texts.every(({ type }) => type === "plain_text")).toBe(true);
  });

  test("of teams are an adaptive card in a message", () => {
    expect(render("teams", CALL)).toMatchObject({
      type: "message",
      attachments: [
        {
          contentType: "application/vnd.microsoft.card.adaptive",
          content: { type: "AdaptiveCard", version: "1.4", body: [{ type: "TextBlock" }, { type: "FactSet" }] },
        },
      ],
    });
  });

  test("of pagerduty are a trigger of the Events API, one incident per event", () => {
    expect(render("pagerduty", CALL)).toMatchObject({
      event_action: "trigger",
      dedup_key: "3038ebd2-c98a-4c65-9b6e-e22506292313",
      payload: {
        summary: expect.stringContaining("DeleteTable by arn:aws:iam::123456789012:user/"),
        source: "dynamodb.amazonaws.com",
        severity: expect.stringMatching(/^(critical|error|warning|info)$/),
        timestamp: "2026-11-20T20:00:00Z",
      },
    });
  });
});
