import { optional } from "../../core/index.ts";
import {
  countRules,
  DEFAULT_BUS,
  findRule,
  parseSchedule,
  putRule as storeRule,
  type Rule,
  type RuleState,
  RULES_PER_BUS_MAX,
  ruleArn,
  setTags,
} from "../../rules/index.ts";
import type { EventsOperation, RuleOperationsNeeds } from "./events-operation.ts";
import { existingBus, invalid, limitExceeded, refuseManaged } from "./named.ts";
import { patternOrRefuse } from "./pattern-or-refuse.ts";
import { onRule, requestTags } from "./permissions.ts";

/**
 * PutRule: creates a rule or replaces what was said of it; what is left out is gone then, but for targets and tags.
 * @throws {Refusal} `ResourceNotFoundException`, `ValidationException`, `InvalidEventPatternException`,
 * `ManagedRuleException`, `LimitExceededException`.
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
 */
export function putRule({ changed }: RuleOperationsNeeds): EventsOperation<"PutRule"> {
  return {
    mutates: true,
    ...onRule(
      ({ Name }) => Name,
      ({ Tags }) => requestTags(Tags),
    ),
    run: async (input, call) => {
      const { Name, EventPattern: pattern, ScheduleExpression: schedule, Description, RoleArn, Tags = [] } = input;
      const bus = await existingBus(input.EventBusName, call);
      if (!pattern && !schedule) {
        throw invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.");
      }
      if (schedule) checkSchedule(schedule, bus.name);
      if (pattern) patternOrRefuse(pattern);
      const arn = ruleArn(bus, Name);
      const known = await findRule(call.tables, arn);
      if (known !== undefined) refuseManaged(known);
      else if ((await countRules(call.tables, bus)) >= RULES_PER_BUS_MAX) throw limitExceeded();
      const rule: Rule = {
        arn,
        name: Name,
        busArn: bus.arn,
        account: bus.account,
        region: bus.region,
        ...optional("eventPattern", pattern || undefined),
        ...optional("scheduleExpression", schedule || undefined),
        // The model has no other.
        state: (input.State ?? "ENABLED") as RuleState,
        ...optional("description", Description),
        ...optional("roleArn", RoleArn),
        createdBy: known?.createdBy ?? call.caller.account,
        everywhere: false,
      };
      await storeRule(call.tables, rule);
      if (known === undefined) await setTags(call.tables, arn, Tags);
      changed();
      return { RuleArn: arn };
    },
  };
}

function checkSchedule(expression: string, busName: string): void {
  if (busName !== DEFAULT_BUS) throw invalid("ScheduleExpression is supported only on the default event bus.");
  parseSchedule(expression);
}
