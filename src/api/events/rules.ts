import { optional } from "../../core/index.ts";
import * as rules from "../../rules/index.ts";
import type { EventsCall, EventsFamily, RuleOperationsNeeds } from "./events-operation.ts";
import { busNamed, changeableRule, existingBus, existingRule, invalid, refuseManaged } from "./named.ts";
import { pageOf } from "./pages.ts";
import { onBus, onResource, onRule } from "./permissions.ts";

type Names = "DescribeRule" | "ListRules" | "ListRuleNamesByTarget" | "DeleteRule" | "EnableRule" | "DisableRule";

/**
 * DescribeRule, ListRules, ListRuleNamesByTarget, DeleteRule, EnableRule and DisableRule. Rules that OpenTrail keeps by
 * itself are shown and never changed, not even with Force.
 * @throws {Refusal} `ResourceNotFoundException`, `ManagedRuleException`, `ValidationException`.
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteRule.html
 */
export function ruleOperations({ tokens, changed }: RuleOperationsNeeds): EventsFamily<Names> {
  return {
    DescribeRule: {
      mutates: false,
      ...onRule(({ Name }) => Name),
      run: async ({ Name, EventBusName }, call) => {
        const rule = await existingRule(Name, EventBusName, call);
        return { ...ruleMembers(rule), CreatedBy: rule.createdBy };
      },
    },
    ListRules: {
      mutates: false,
      ...onResource((input, call) => [rules.ruleArn(busNamed(input.EventBusName, call), "*")]),
      run: async (input, call) => {
        const bus = await existingBus(input.EventBusName, call);
        const { NamePrefix: prefix = "" } = input;
        const { entries, next } = await pageOf(
          tokens,
          ["ListRules", bus.arn, prefix],
          input,
          (after, limit) => rules.listRules(call.tables, bus, { prefix, limit, ...optional("after", after) }),
          ({ name }) => name,
        );
        return { Rules: entries.map(ruleMembers), ...next };
      },
    },
    ListRuleNamesByTarget: {
      mutates: false,
      ...onBus(({ EventBusName }) => EventBusName),
      run: async (input, call) => {
        const { TargetArn } = input;
        const bus = await existingBus(input.EventBusName, call);
        const { entries, next } = await pageOf(
          tokens,
          ["ListRuleNamesByTarget", bus.arn, TargetArn],
          input,
          (after, limit) =>
            rules.listRuleNamesByTarget(call.tables, bus, TargetArn, { limit, ...optional("after", after) }),
          (name) => name,
        );
        return { RuleNames: entries, ...next };
      },
    },
    DeleteRule: {
      mutates: true,
      ...onRule(({ Name }) => Name),
      run: async ({ Name, EventBusName }, call) => {
        const arn = rules.ruleArn(busNamed(EventBusName, call), Name);
        const rule = await rules.findRule(call.tables, arn);
        // Deleting what is not there succeeds, so that it can be tried again.
        if (rule === undefined) return undefined;
        refuseManaged(rule);
        const targets = await rules.listTargets(call.tables, arn);
        if (targets.length > 0) throw invalid("Rule can't be deleted since it has targets.");
        await rules.deleteRule(call.tables, arn);
        changed();
        return undefined;
      },
    },
    EnableRule: {
      mutates: true,
      ...onRule(({ Name }) => Name),
      // One that sees reads as well stays as it is.
      run: (input, call) => turn(input, call, (state) => (state === "DISABLED" ? "ENABLED" : state)),
    },
    DisableRule: {
      mutates: true,
      ...onRule(({ Name }) => Name),
      run: (input, call) => turn(input, call, () => "DISABLED"),
    },
  };

  async function turn(
    { Name, EventBusName }: { readonly Name: string; readonly EventBusName?: string | undefined },
    call: EventsCall,
    stateAfter: (state: rules.RuleState) => rules.RuleState,
  ): Promise<undefined> {
    const rule = await changeableRule(Name, EventBusName, call);
    await rules.putRule(call.tables, { ...rule, state: stateAfter(rule.state) });
    changed();
    return undefined;
  }
}

function ruleMembers(rule: rules.Rule) {
  return {
    Name: rule.name,
    Arn: rule.arn,
    ...optional("EventPattern", rule.eventPattern),
    ...optional("ScheduleExpression", rule.scheduleExpression),
    State: rule.state,
    ...optional("Description", rule.description),
    ...optional("RoleArn", rule.roleArn),
    ...optional("ManagedBy", rule.managedBy),
    EventBusName: rules.parseRuleArn(rule.arn)?.bus.name ?? rules.DEFAULT_BUS,
  };
}
