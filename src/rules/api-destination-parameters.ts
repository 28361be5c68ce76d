import { optional } from "../core/index.ts";
import { parseJsonPath, valueAt } from "./json-path.ts";
import type { EventEnvelope, Target } from "./rule.ts";

type HttpParameters = NonNullable<Target["HttpParameters"]>;

/**
 * A target's HTTP parameters for an event: values that are JSON paths become what stands there, as text; nothing where
 * nothing does.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
 */
export function httpParametersFor(parameters: HttpParameters, envelope: EventEnvelope): HttpParameters {
  const { PathParameterValues: path, HeaderParameters: headers, QueryStringParameters: query } = parameters;
  const fill = (value: string): string => filled(value, envelope);
  const fillAll = (values: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, fill(value)]));
  return {
    ...optional("PathParameterValues", path?.map(fill)),
    ...optional("HeaderParameters", headers && fillAll(headers)),
    ...optional("QueryStringParameters", query && fillAll(query)),
  };
}

function filled(value: string, envelope: EventEnvelope): string {
  const path = value.startsWith("$.") ? parseJsonPath(value) : undefined;
  if (path === undefined) return value;
  const found = valueAt(path, envelope);
  if (found === undefined) return "";
  return typeof found === "string" ? found : JSON.stringify(found);
}
