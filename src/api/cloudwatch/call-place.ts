import { alarmArn, dimensionsKey, type MetricKey, type Place } from "../../alarms/index.ts";
import type { PageTokens } from "../../core/index.ts";
import type { CloudwatchCall } from "./cloudwatch-operation.ts";
import { invalidToken, invalidValue } from "./refusals.ts";

export function placeOf(call: Pick<CloudwatchCall, "caller" | "region">): Place {
  return { account: call.caller.account, region: call.region };
}

/** The ARNs of alarms by name; of all alarms when none is named. */
export function alarmArns(call: CloudwatchCall, names: readonly string[] | undefined): readonly string[] {
  const named = names === undefined || names.length === 0 ? ["*"] : [...new Set(names)];
  return named.map((name) => alarmArn(placeOf(call), name));
}

interface Dimension {
  readonly Name: string;
  readonly Value: string;
}

/** @throws {Refusal} `InvalidParameterValue` for a name that is there twice. */
export function keyOfMetric(
  call: Pick<CloudwatchCall, "caller" | "region">,
  namespace: string,
  name: string,
  dimensions: readonly Dimension[] = [],
): MetricKey {
  const names = dimensions.map(({ Name }) => Name);
  if (new Set(names).size < names.length) throw invalidValue("The parameter Dimensions has a name more than once.");
  const pairs = dimensions.map(({ Name, Value }) => [Name, Value] as const);
  return { ...placeOf(call), namespace, name, dimensions: dimensionsKey(pairs) };
}

/**
 * What the page before left behind; undefined for the first page.
 * @throws {Refusal} `InvalidNextToken` when the token came from another query.
 */
export function openToken<Position>(
  tokens: PageTokens,
  query: unknown,
  token: string | undefined,
): Position | undefined {
  if (token === undefined) return undefined;
  const position = tokens.open(query, token);
  if (position === undefined) throw invalidToken();
  // The one cast: nobody but us could have sealed it, for this query.
  return position as Position;
}
