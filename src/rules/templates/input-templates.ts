import type { Target } from "../rule.ts";

type InputTransformer = NonNullable<Target["InputTransformer"]>;

/** What every template tells of a call: who did what, when, from where, and what it was refused with. */
const CALL: Readonly<Record<string, string>> = {
  account: "$.account",
  error: "$.detail.errorCode",
  event: "$.detail.eventID",
  from: "$.detail.sourceIPAddress",
  name: "$.detail.eventName",
  region: "$.region",
  service: "$.detail.eventSource",
  time: "$.time",
  who: "$.detail.userIdentity.arn",
};

const FACTS: readonly (readonly [title: string, value: string])[] = [
  ["Who", "<who>"],
  ["What", "<name> (<service>)"],
  ["When", "<time>"],
  ["From", "<from>"],
  ["Account and Region", "<account> <region>"],
  ["Error", "<error>"],
  ["Event", "<event>"],
];

/**
 * Ready-made inputs for API destinations, for rules over recorded calls. Every value stands inside a string, so that the
 * result is JSON whatever an event lacks; texts of events are never read as markup where the receiver lets us choose.
 *
 * PagerDuty's `routing_key` is a secret and comes from the connection, as a body parameter.
 * @see https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
 * @see https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
 * @see https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
 */
export const inputTemplates: Readonly<Record<"slack" | "teams" | "pagerduty", InputTransformer>> = {
  slack: transformer({
    text: "<name> in account <account>",
    blocks: [
      { type: "section", text: { type: "plain_text", text: "<name> by <who>" } },
      { type: "section", fields: FACTS.map(([title, value]) => ({ type: "plain_text", text: `${title}: ${value}` })) },
    ],
  }),
  teams: transformer({
    type: "message",
    attachments: [
      {
        contentType: "application/vnd.microsoft.card.adaptive",
        content: {
          $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
          type: "AdaptiveCard",
          version: "1.4",
          body: [
            { type: "TextBlock", size: "Medium", weight: "Bolder", wrap: true, text: "<name> by <who>" },
            { type: "FactSet", facts: FACTS.map(([title, value]) => ({ title, value })) },
          ],
        },
      },
    ],
  }),
  pagerduty: transformer({
    event_action: "trigger",
    dedup_key: "<event>",
    client: "OpenTrail",
    payload: {
      summary: "<name> by <who> from <from>",
      source: "<service>",
      severity: "warning",
      timestamp: "<time>",
      component: "<account>",
      group: "<region>",
      class: "<name>",
      custom_details: Object.fromEntries(FACTS),
    },
  }),
};

function transformer(template: object): InputTransformer {
  return { InputPathsMap: CALL, InputTemplate: JSON.stringify(template, undefined, 2) };
}
