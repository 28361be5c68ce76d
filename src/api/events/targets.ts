import * as rules from "../../rules/index.ts";
import { checkTarget } from "./check-target.ts";
import type { EventsFamily, RuleOperationsNeeds } from "./events-operation.ts";
import { changeableRule, existingRule, limitExceeded } from "./named.ts";
import { pageOf } from "./pages.ts";
import { onRule } from "./permissions.ts";

type Names = "PutTargets" | "ListTargetsByRule" | "RemoveTargets";

/**
 * PutTargets, ListTargetsByRule and RemoveTargets. What cannot be a target is told per entry, inside of an answer that is
 * none of an error.
 * @throws {Refusal} `ResourceNotFoundException`, `ManagedRuleException`, `LimitExceededException`, `ValidationException`.
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html
 */
export function targetOperations({ tokens, changed }: RuleOperationsNeeds): EventsFamily<Names> {
  return {
    PutTargets: {
      mutates: true,
      ...onRule(
        ({ Rule }) => Rule,
        ({ Targets }) => ({ "events:TargetArn": Targets.map(({ Arn }) => Arn) }),
      ),
      run: async ({ Rule, EventBusName, Targets }, call) => {
        const { arn } = await changeableRule(Rule, EventBusName, call);
        const checked = Targets.map((target) => ({ target, error: checkTarget(target) }));
        const good = checked.filter(({ error }) => error === undefined).map(({ target }) => target as rules.Target);
        const known = await rules.listTargets(call.tables, arn);
        const ids = new Set([...known, ...good].map(({ Id }) => Id));
        if (ids.size > rules.TARGETS_PER_RULE_MAX) throw limitExceeded();
        await rules.putTargets(call.tables, arn, good);
        changed();
        return failed(checked.flatMap(({ target, error }) => (error ? [{ TargetId: target.Id, ...error }] : [])));
      },
    },
    ListTargetsByRule: {
      mutates: false,
      ...onRule(({ Rule }) => Rule),
      run: async (input, call) => {
        const { arn } = await existingRule(input.Rule, input.EventBusName, call);
        const { entries, next } = await pageOf(
          tokens,
          ["ListTargetsByRule", arn],
          input,
          async (after, limit) => {
            const targets = await rules.listTargets(call.tables, arn);
            const from = targets.findIndex(({ Id }) => Id === after) + 1;
            return targets.slice(from, from + limit);
          },
          ({ Id }) => Id,
        );
        return { Targets: entries, ...next };
      },
    },
    RemoveTargets: {
      mutates: true,
      ...onRule(({ Rule }) => Rule),
      run: async ({ Rule, EventBusName, Ids }, call) => {
        const { arn } = await changeableRule(Rule, EventBusName, call);
        const known = new Set((await rules.listTargets(call.tables, arn)).map(({ Id }) => Id));
        await rules.removeTargets(call.tables, arn, Ids);
        changed();
        const missing = Ids.filter((id) => !known.has(id));
        return failed(
          missing.map((id) => ({
            TargetId: id,
            ErrorCode: "ResourceNotFoundException",
            ErrorMessage: `Rule ${Rule} does not have a target with the Id ${id}.`,
          })),
        );
      },
    },
  };
}

interface FailedEntry {
  readonly TargetId: string;
  readonly ErrorCode: string;
  readonly ErrorMessage: string;
}

function failed(entries: readonly FailedEntry[]): {
  readonly FailedEntryCount: number;
  readonly FailedEntries: readonly FailedEntry[];
} {
  return { FailedEntryCount: entries.length, FailedEntries: entries };
}
