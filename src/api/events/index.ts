/**
 * EventBridge's API, one file per operation or family of operations that are alike. What is not in the table is refused by
 * name.
 */
import type { EventsOperations } from "../../aws/index.ts";
import type { RulesTables } from "../../rules/index.ts";
import type { Operations } from "../operation.ts";
import { busPermissions } from "./bus-permissions.ts";
import { busOperations } from "./event-buses.ts";
import type { RuleOperationsNeeds } from "./events-operation.ts";
import { putEvents } from "./put-events.ts";
import { putRule } from "./put-rule.ts";
import { ruleOperations } from "./rules.ts";
import { tags } from "./tags.ts";
import { targetOperations } from "./targets.ts";
import { testEventPattern } from "./test-event-pattern.ts";

export type EventsNeeds = RuleOperationsNeeds;

export function eventsOperations(needs: EventsNeeds): Operations<EventsOperations, RulesTables> {
  return {
    ...busOperations(needs),
    ...busPermissions,
    ...ruleOperations(needs),
    ...tags,
    ...targetOperations(needs),
    PutEvents: putEvents(needs),
    PutRule: putRule(needs),
    TestEventPattern: testEventPattern,
  };
}
