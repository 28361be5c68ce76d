import { Refusal } from "../core/index.ts";
import { type LoggedKinds, loggedKinds } from "./selectors/index.ts";
import type { InsightSelector, Selectors } from "./trail.ts";

/** As the wire brings it. */
export interface InsightSelectorInput {
  readonly InsightType?: string | undefined;
  readonly EventCategories?: readonly string[] | undefined;
}

type InsightType = "ApiCallRateInsight" | "ApiErrorRateInsight";

/** What a trail must log for an insight, by type and by category of events. */
const PREREQUISITES: Readonly<Record<InsightType, Readonly<Record<string, (logged: LoggedKinds) => boolean>>>> = {
  ApiCallRateInsight: { Management: (logged) => logged.managementWrites, Data: (logged) => logged.data },
  ApiErrorRateInsight: {
    Management: (logged) => logged.managementReads || logged.managementWrites,
    Data: (logged) => logged.data,
  },
};

const NEEDED: Readonly<Record<InsightType, Readonly<Record<string, string>>>> = {
  ApiCallRateInsight: { Management: "write management events", Data: "data events" },
  ApiErrorRateInsight: { Management: "management events", Data: "data events" },
};

/**
 * The insight selectors of a trail, kept as they were put.
 * @throws {Refusal} `InvalidInsightSelectorsException`: a type twice, or one that needs events which the trail does not log.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-insights-events-with-cloudtrail.html
 */
export function parseInsightSelectors(
  inputs: readonly InsightSelectorInput[],
  selectors: Selectors,
): readonly InsightSelector[] {
  const logged = loggedKinds(selectors);
  const types = inputs.map(({ InsightType }) => parseInsightType(InsightType));
  const twice = types.find((type, index) => types.indexOf(type) !== index);
  if (twice !== undefined) throw invalid(`${twice} is given more than once.`);
  return inputs.map(({ InsightType, EventCategories }) => {
    const type = parseInsightType(InsightType);
    const categories = EventCategories === undefined || EventCategories.length === 0 ? ["Management"] : EventCategories;
    const missing = categories.find((category) => !PREREQUISITES[type][category]?.(logged));
    if (missing !== undefined) throw invalid(`${type} needs a trail that logs ${NEEDED[type][missing]}.`);
    return { InsightType: type, ...(EventCategories === undefined ? {} : { EventCategories }) };
  });
}

/** @throws {Refusal} `InvalidInsightSelectorsException` unless it is a value of the enumeration. */
export function parseInsightType(text: string | undefined): InsightType {
  if (text === "ApiCallRateInsight" || text === "ApiErrorRateInsight") return text;
  throw invalid(`${text} is no insight type: it must be ApiCallRateInsight or ApiErrorRateInsight.`);
}

function invalid(message: string): Refusal {
  return new Refusal("InvalidInsightSelectorsException", message);
}
