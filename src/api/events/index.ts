/**
 * EventBridge's API, one file per operation or family of operations that are alike. What is not in the table is refused by
 * name.
 */
import type { EventsOperations } from "../../aws/index.ts";
import type { RulesTables } from "../../rules/index.ts";
import type { Operations } from "../operation.ts";
import { type ApiDestinationOperationsNeeds, apiDestinationOperations } from "./api-destinations.ts";
import { type ArchiveOperationsNeeds, archiveOperations } from "./archives.ts";
import { busPermissions } from "./bus-permissions.ts";
import { type ConnectionOperationsNeeds, connectionOperations } from "./connections.ts";
import { busOperations } from "./event-buses.ts";
import type { RuleOperationsNeeds } from "./events-operation.ts";
import { putEvents } from "./put-events.ts";
import { putRule } from "./put-rule.ts";
import { type ReplayOperationsNeeds, replayOperations } from "./replays.ts";
import { ruleOperations } from "./rules.ts";
import { tags } from "./tags.ts";
import { targetOperations } from "./targets.ts";
import { testEventPattern } from "./test-event-pattern.ts";

export type EventsNeeds = RuleOperationsNeeds &
  ArchiveOperationsNeeds &
  ReplayOperationsNeeds &
  ConnectionOperationsNeeds &
  ApiDestinationOperationsNeeds;

export function eventsOperations(needs: EventsNeeds): Operations<EventsOperations, RulesTables> {
  return {
    ...apiDestinationOperations(needs),
    ...archiveOperations(needs),
    ...busOperations(needs),
    ...busPermissions,
    ...connectionOperations(needs),
    ...replayOperations(needs),
    ...ruleOperations(needs),
    ...tags,
    ...targetOperations(needs),
    PutEvents: putEvents(needs),
    PutRule: putRule(needs),
    TestEventPattern: testEventPattern,
  };
}
