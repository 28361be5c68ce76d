import { optional } from "../core/index.ts";
import type { Digest, Summary } from "./summary.ts";

/** A statistic as AWS names it: `Sum`, `p99.9`, `tm90`, `TM(10%:90%)`, `PR(:300)`, `IQM`. */
export interface Statistic {
  readonly name: string;
  /** Undefined where the statistic cannot be told of what is kept. */
  of(summary: Summary): number | undefined;
  /**
   * For statistics that more data can only raise (`rising`) or only lower (`falling`), given that no value is negative:
   * what breaches a threshold in that direction does so whatever comes later in the same period.
   */
  readonly direction?: "rising" | "falling";
}

const SIMPLE: Readonly<Record<string, Omit<Statistic, "name">>> = {
  SampleCount: { of: ({ samples }) => samples, direction: "rising" },
  Average: { of: ({ sum, samples }) => sum / samples },
  Sum: { of: ({ sum }) => sum, direction: "rising" },
  Minimum: { of: ({ minimum }) => minimum, direction: "falling" },
  Maximum: { of: ({ maximum }) => maximum, direction: "rising" },
};

/** What remains of the values between two bounds, and of how many: the trimmed statistics of CloudWatch. */
const TRIMMED: Readonly<Record<string, (kept: Digest, all: Summary) => number | undefined>> = {
  tm: (kept) => mean(kept),
  tc: (kept) => countOf(kept),
  ts: (kept) => sumOf(kept),
  wm: (kept, all) => winsorized(kept, all),
  pr: (kept, all) => (countOf(kept) / all.samples) * 100,
};

const PERCENTILE = /^p(\d{1,3}(?:\.\d{1,10})?)$/i;
const SHORT = /^(tm|wm|tc|ts)(\d{1,3}(?:\.\d{1,10})?)$/i;
const RANGE = /^(tm|wm|tc|ts|pr)\((-?[\d.]{0,24})(%?):(-?[\d.]{0,24})(%?)\)$/i;

/**
 * The statistic of that name; undefined when there is none.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
 */
export function parseStatistic(name: string): Statistic | undefined {
  if (Object.hasOwn(SIMPLE, name)) return { name, ...SIMPLE[name] } as Statistic;
  return parsePercentile(name) ?? parseShort(name) ?? parseRange(name);
}

function parsePercentile(name: string): Statistic | undefined {
  const percent = Number(PERCENTILE.exec(name)?.[1] ?? Number.NaN);
  if (!(percent >= 0 && percent <= 100)) return undefined;
  return { name, of: ({ digest }) => (digest === undefined ? undefined : percentile(digest, percent)) };
}

/** `tm90` is `TM(:90%)`; `IQM` is `TM(25%:75%)`. */
function parseShort(name: string): Statistic | undefined {
  if (name.toUpperCase() === "IQM") return between(name, "tm", { low: 25, high: 75, percent: true });
  const [, kind, text] = SHORT.exec(name) ?? [];
  const high = Number(text);
  if (kind === undefined || high > 100) return undefined;
  return between(name, kind, { high, percent: true });
}

function parseRange(name: string): Statistic | undefined {
  const [, kind, low, lowPercent, high, highPercent] = RANGE.exec(name) ?? [];
  if (kind === undefined || low === undefined || high === undefined) return undefined;
  const bothGiven = low !== "" && high !== "";
  if ((low === "" && high === "") || (bothGiven && lowPercent !== highPercent)) return undefined;
  const percent = (low === "" ? highPercent : lowPercent) === "%";
  if (percent && kind.toLowerCase() === "pr") return undefined;
  const [from, to] = [low, high].map((text) => (text === "" ? undefined : Number(text)));
  if ([from, to].some((bound) => bound !== undefined && !isBound(bound, percent))) return undefined;
  if (from !== undefined && to !== undefined && from >= to) return undefined;
  return between(name, kind, {
    ...optional("low", from),
    ...optional("high", to),
    percent,
  });
}

function isBound(bound: number, percent: boolean): boolean {
  return Number.isFinite(bound) && (!percent || (bound >= 0 && bound <= 100));
}

interface Bounds {
  readonly low?: number;
  readonly high?: number;
  /** Bounds are percentiles, not values. */
  readonly percent: boolean;
}

function between(name: string, kind: string, bounds: Bounds): Statistic {
  const compute = TRIMMED[kind.toLowerCase()];
  return {
    name,
    of: (summary) => {
      const { digest } = summary;
      if (digest === undefined || compute === undefined) return undefined;
      return compute(bounds.percent ? keptByRank(digest, bounds) : keptByValue(digest, bounds), summary);
    },
  };
}

function keptByValue(digest: Digest, { low, high }: Bounds): Digest {
  return digest.filter(([value]) => (low === undefined || value > low) && (high === undefined || value <= high));
}

/** A value that lies across a bound counts by the part of it that lies inside. */
function keptByRank(digest: Digest, { low = 0, high = 100 }: Bounds): Digest {
  const total = countOf(digest);
  const [from, to] = [(total * low) / 100, (total * high) / 100];
  const kept: [number, number][] = [];
  let before = 0;
  for (const [value, count] of digest) {
    const inside = Math.min(before + count, to) - Math.max(before, from);
    if (inside > 0) kept.push([value, inside]);
    before += count;
  }
  return kept;
}

/** What lies outside counts as the outermost of what lies inside. */
function winsorized(kept: Digest, all: Summary): number | undefined {
  const [first, last] = [kept[0], kept.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const below = (all.digest ?? []).reduce((sum, [value, count]) => sum + (value < first[0] ? count : 0), 0);
  const above = all.samples - below - countOf(kept);
  return (sumOf(kept) + below * first[0] + above * last[0]) / all.samples;
}

/** Between two values it lies as far as the rank does between theirs. */
function percentile(digest: Digest, percent: number): number | undefined {
  const rank = ((countOf(digest) - 1) * percent) / 100;
  let before = 0;
  let previous: number | undefined;
  for (const [value, count] of digest) {
    if (rank < before && previous !== undefined) return previous + (value - previous) * (rank - (before - 1));
    if (rank <= before + count - 1) return value;
    before += count;
    previous = value;
  }
  return previous;
}

function countOf(digest: Digest): number {
  return digest.reduce((sum, [, count]) => sum + count, 0);
}

function sumOf(digest: Digest): number {
  return digest.reduce((sum, [value, count]) => sum + value * count, 0);
}

function mean(digest: Digest): number | undefined {
  return digest.length === 0 ? undefined : sumOf(digest) / countOf(digest);
}
