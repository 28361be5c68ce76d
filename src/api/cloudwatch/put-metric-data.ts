import { mergeSummaries, type MetricSample, NO_UNIT, type Summary, summaryOf } from "../../alarms/index.ts";
import type { CloudwatchOperations } from "../../aws/index.ts";
import { keyOfMetric } from "./call-place.ts";
import type { CloudwatchCall, CloudwatchNeeds, CloudwatchOperation } from "./cloudwatch-operation.ts";
import { invalidCombination, invalidValue, missingParameter } from "./refusals.ts";

type Input = CloudwatchOperations["PutMetricData"]["input"];
type Datum = NonNullable<Input["MetricData"]>[number];

const DATA_MAX = 1_000;
const VALUES_MAX = 150;
const OLDEST_MS = 14 * 86_400_000;
const NEWEST_MS = 2 * 3_600_000;
/** From 2^-360 to 2^360, and zero. */
const VALUE_MAX = 2 ** 360;

/**
 * PutMetricData: measurements of up to 1,000 metrics. Answers once they are durable.
 * @throws {Refusal} `MissingParameter`, `InvalidParameterValue`, `InvalidParameterCombination`; `LimitExceeded` when
 * there are as many metrics as there may be.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
 */
export function putMetricData({ metrics }: CloudwatchNeeds): CloudwatchOperation<"PutMetricData"> {
  return {
    // Data, not configuration: what several callers bring shares a transaction of its own.
    mutates: false,
    resources: () => ["*"],
    recordedInput: ({ Namespace }) => ({ Namespace }),
    conditions: ({ Namespace }) => ({ "cloudwatch:namespace": Namespace }),
    run: async (input, call) => {
      await metrics.put(samplesOf(input, call));
      return undefined;
    },
  };
}

function samplesOf(input: Input, call: CloudwatchCall): readonly MetricSample[] {
  const { Namespace, MetricData = [], EntityMetricData = [] } = input;
  if (Namespace.startsWith("AWS/")) {
    throw invalidValue(
      "The value AWS/ for parameter Namespace is invalid. Namespaces that begin with AWS/ are reserved.",
    );
  }
  const data = [
    ...MetricData.map((datum, index) => [datum, `MetricData.member.${index + 1}`] as const),
    // Entities relate metrics to things that nobody asks us about.
    ...EntityMetricData.flatMap((entity, at) =>
      (entity.MetricData ?? []).map(
        (datum, index) => [datum, `EntityMetricData.member.${at + 1}.MetricData.member.${index + 1}`] as const,
      ),
    ),
  ];
  if (data.length === 0) throw missingParameter("MetricData");
  if (data.length > DATA_MAX) {
    throw invalidValue(`The collection MetricData must not have a size greater than ${DATA_MAX}.`);
  }
  return data.map(([datum, path]) => sampleOf(datum, path, Namespace, call));
}

function sampleOf(datum: Datum, path: string, namespace: string, call: CloudwatchCall): MetricSample {
  const { MetricName, Dimensions, Unit = NO_UNIT, StorageResolution = 60 } = datum;
  if (StorageResolution !== 1 && StorageResolution !== 60) {
    throw invalidValue(`The parameter ${path}.StorageResolution must be 1 or 60.`);
  }
  return {
    ...keyOfMetric(call, namespace, MetricName, Dimensions),
    unit: Unit,
    timestamp: timestampOf(datum, path, call.now),
    resolution: StorageResolution,
    summary: summaryOfDatum(datum, path),
  };
}

function timestampOf({ Timestamp }: Datum, path: string, now: number): number {
  const timestamp = Timestamp?.getTime() ?? now;
  if (timestamp >= now - OLDEST_MS && timestamp <= now + NEWEST_MS) return timestamp;
  throw invalidValue(
    `The parameter ${path}.Timestamp must specify a time no more than two weeks in the past and two hours in the future.`,
  );
}

function summaryOfDatum(datum: Datum, path: string): Summary {
  const { Value, Values, StatisticValues } = datum;
  const given = [Value, Values, StatisticValues].filter((one) => one !== undefined).length;
  if (given === 0) throw missingParameter(`${path}.Value`);
  if (given > 1) {
    throw invalidCombination(
      `The parameters ${path}.Value, ${path}.Values and ${path}.StatisticValues are mutually exclusive and you have specified more than one.`,
    );
  }
  if (StatisticValues !== undefined) return statisticSet(StatisticValues, `${path}.StatisticValues`);
  if (Values !== undefined) return summaryOfValues(Values, datum.Counts, path);
  return summaryOf(checked(Value ?? Number.NaN, `${path}.Value`));
}

function statisticSet(set: NonNullable<Datum["StatisticValues"]>, path: string): Summary {
  const samples = checked(set.SampleCount, `${path}.SampleCount`);
  const sum = checked(set.Sum, `${path}.Sum`);
  const minimum = checked(set.Minimum, `${path}.Minimum`);
  const maximum = checked(set.Maximum, `${path}.Maximum`);
  if (samples <= 0) throw invalidValue(`The parameter ${path}.SampleCount must be greater than 0.`);
  if (minimum > maximum) throw invalidValue(`The parameter ${path}.Maximum must be greater than ${path}.Minimum.`);
  return { samples, sum, minimum, maximum, ...(minimum === maximum ? { digest: [[minimum, samples]] } : {}) };
}

function summaryOfValues(values: readonly number[], counts: readonly number[] | undefined, path: string): Summary {
  if (values.length > VALUES_MAX) {
    throw invalidValue(`The collection ${path}.Values must not have a size greater than ${VALUES_MAX}.`);
  }
  if (counts !== undefined && counts.length !== values.length) {
    throw invalidValue(`The parameters ${path}.Values and ${path}.Counts must be of the same size.`);
  }
  const summaries = values.map((value, index) => {
    const count = checked(counts?.[index] ?? 1, `${path}.Counts.member.${index + 1}`);
    if (count <= 0) throw invalidValue(`The parameter ${path}.Counts.member.${index + 1} must be greater than 0.`);
    return summaryOf(checked(value, `${path}.Values.member.${index + 1}`), count);
  });
  const [first, ...others] = summaries;
  if (first === undefined) throw missingParameter(`${path}.Values`);
  return others.reduce(mergeSummaries, first);
}

function checked(value: number, path: string): number {
  if (Math.abs(value) <= VALUE_MAX) return value;
  throw invalidValue(`The value ${value} for parameter ${path} is invalid.`);
}
