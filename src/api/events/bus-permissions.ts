import { type EventsOperations } from "../../aws/index.ts";
import { Refusal } from "../../core/index.ts";
import { parsePolicy } from "../../identity/index.ts";
import { type EventBus, findBusOrRefuse, putBus } from "../../rules/index.ts";
import type { EventsFamily } from "./events-operation.ts";
import { busNamed, invalid } from "./named.ts";
import { onBus } from "./permissions.ts";

type PermissionInput = EventsOperations["PutPermission"]["input"];

/** Characters of a bus's policy. */
const POLICY_LENGTH_MAX = 10_240;

/** A statement as PutPermission without a Policy writes it; others may have written anything that is a policy. */
interface PolicyStatement {
  readonly Sid?: string;
}

interface PolicyDocument {
  readonly Version?: string;
  readonly Statement?: PolicyStatement | readonly PolicyStatement[];
}

/**
 * PutPermission and RemovePermission: who of other accounts may put events onto a bus or make rules on it, as a whole
 * policy or statement by statement.
 * @throws {Refusal} `ResourceNotFoundException`, `PolicyLengthExceededException`, `ValidationException`.
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPermission.html
 */
export const busPermissions: EventsFamily<"PutPermission" | "RemovePermission"> = {
  PutPermission: {
    mutates: true,
    ...onBus(({ EventBusName }) => EventBusName),
    run: async (input, call) => {
      const bus = await findBusOrRefuse(call.tables, busNamed(input.EventBusName, call));
      const policy = input.Policy ?? withStatement(bus, input);
      checkPolicy(policy);
      await putBus(call.tables, { ...bus, policy }, call.now);
      return undefined;
    },
  },
  RemovePermission: {
    mutates: true,
    ...onBus(({ EventBusName }) => EventBusName),
    run: async ({ EventBusName, StatementId, RemoveAllPermissions }, call) => {
      const bus = await findBusOrRefuse(call.tables, busNamed(EventBusName, call));
      const { policy: before, ...rest } = bus;
      if (before === undefined) {
        throw new Refusal("ResourceNotFoundException", "EventBus does not have a policy.");
      }
      if (RemoveAllPermissions !== true && StatementId === undefined) {
        throw invalid("Parameter StatementId is not valid. Reason: StatementId is a required argument.");
      }
      const after = RemoveAllPermissions === true ? undefined : withoutStatement(before, StatementId ?? "");
      await putBus(call.tables, after === undefined ? rest : { ...rest, policy: after }, call.now);
      return undefined;
    },
  },
};

function withStatement({ arn, policy }: EventBus, input: PermissionInput): string {
  const { Action, Principal, StatementId, Condition } = input;
  for (const name of ["Action", "Principal", "StatementId"] as const) {
    if (input[name] === undefined) {
      throw invalid(`Parameter ${name} is not valid. Reason: ${name} is a required argument.`);
    }
  }
  if (Action !== "events:PutEvents") throw invalid("Provided value in parameter 'action' is not supported.");
  const statement = {
    Sid: StatementId,
    Effect: "Allow",
    Principal: Principal === "*" ? "*" : { AWS: `arn:aws:iam::${Principal}:root` },
    Action,
    Resource: arn,
    ...(Condition && { Condition: { [Condition.Type]: { [Condition.Key]: Condition.Value } } }),
  };
  const others = statementsOf(policy).filter(({ Sid }) => Sid !== StatementId);
  return JSON.stringify({ Version: "2012-10-17", Statement: [...others, statement] });
}

/** Without any statement there is no policy. */
function withoutStatement(policy: string, id: string): string | undefined {
  const statements = statementsOf(policy);
  const rest = statements.filter(({ Sid }) => Sid !== id);
  if (rest.length === statements.length) {
    throw new Refusal("ResourceNotFoundException", "Statement with the provided id does not exist.");
  }
  const { Version = "2012-10-17" } = JSON.parse(policy) as PolicyDocument;
  return rest.length === 0 ? undefined : JSON.stringify({ Version, Statement: rest });
}

function statementsOf(policy: string | undefined): readonly PolicyStatement[] {
  if (policy === undefined) return [];
  const { Statement = [] } = JSON.parse(policy) as PolicyDocument;
  return [Statement].flat();
}

function checkPolicy(policy: string): void {
  if (policy.length > POLICY_LENGTH_MAX) {
    throw new Refusal("PolicyLengthExceededException", "The policy is longer than a bus may have.");
  }
  try {
    parsePolicy(policy, "resource");
  } catch (refused) {
    if (!(refused instanceof Refusal)) throw refused;
    throw invalid(`Parameter Policy is not valid. Reason: ${refused.message}`);
  }
}
