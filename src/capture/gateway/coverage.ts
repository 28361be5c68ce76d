import type { SourceStats } from "../adapters/index.ts";
import type { CallCounts, CallOutcome } from "./call-counts.ts";
import type { CaptureKind, Habit, SilenceWatch } from "./coverage-silence.ts";

/** A metric with labels, read when Prometheus asks. */
export interface MetricsPort {
  samples(
    metric: {
      readonly name: string;
      readonly help: string;
      readonly type: "counter" | "gauge";
      readonly labels: readonly string[];
    },
    read: () => Iterable<readonly [labels: Readonly<Record<string, string>>, value: number]>,
  ): void;
}

interface CoverageNeeds {
  readonly clock: { now(): number };
  readonly silence: SilenceWatch;
  /** All routes that there are: one that nobody calls is told with zeros. */
  readonly routes: readonly string[];
  /** What the sources brought, by their names. */
  readonly sources?: () => Readonly<Record<string, SourceStats>>;
  /** Intents that have no outcome yet. */
  readonly intentsOpen?: () => number;
}

interface RouteCounts {
  seen: number;
  excluded: number;
  dropped: number;
  lastSeenMs: number;
  readonly outcomes: Map<CallOutcome, number>;
}

/** What every route saw and recorded since the start, and what every source brought: how much of what happens is known. */
export class Coverage implements CallCounts {
  readonly #needs: CoverageNeeds;
  readonly #routes = new Map<string, RouteCounts>();

  constructor(needs: CoverageNeeds) {
    this.#needs = needs;
    for (const route of needs.routes) this.#of(route);
  }

  seen(route: string): void {
    const counts = this.#of(route);
    counts.seen += 1;
    counts.lastSeenMs = this.#needs.clock.now();
    this.#needs.silence.heard("route", route);
  }

  ended(route: string, outcome: CallOutcome): void {
    const { outcomes } = this.#of(route);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }

  excluded(route: string): void {
    this.#of(route).excluded += 1;
  }

  /** Records of a best-effort route were dropped after their calls had ended. */
  dropped(route: string, records: number): void {
    this.#of(route).dropped += records;
  }

  /** Lets Prometheus, and so `opentrail coverage`, read everything. To be called once. */
  export(metrics: MetricsPort): void {
    for (const { name, type, help, label, route = NOTHING, source = NOTHING } of METRICS) {
      const labels = ["kind", "name", ...(label === undefined ? [] : [label])];
      metrics.samples({ name: `opentrail_capture_${name}`, help, type, labels }, () => [
        ...this.#read("route", this.#routes, label, route),
        ...this.#read("source", Object.entries(this.#needs.sources?.() ?? {}), label, source),
      ]);
    }
    const help = "Mutating calls that went out and have no outcome yet.";
    metrics.samples({ name: "opentrail_capture_intents_open", help, type: "gauge", labels: [] }, () => [
      [{}, this.#needs.intentsOpen?.() ?? 0],
    ]);
  }

  #read<Subject>(
    kind: CaptureKind,
    subjects: Iterable<readonly [name: string, subject: Subject]>,
    label: string | undefined,
    value: Read<Subject>,
  ): readonly Sample[] {
    return [...subjects].flatMap(([name, subject]): readonly Sample[] => {
      const found = value(subject, this.#needs.silence.habit(kind, name));
      if (found === undefined) return [];
      if (typeof found === "number" || label === undefined) return [[{ kind, name }, Number(found)]];
      return Object.entries(found).map(([which, count]): Sample => [{ kind, name, [label]: which }, count]);
    });
  }

  #of(route: string): RouteCounts {
    let counts = this.#routes.get(route);
    if (counts === undefined) {
      counts = { seen: 0, excluded: 0, dropped: 0, lastSeenMs: 0, outcomes: new Map() };
      this.#routes.set(route, counts);
    }
    return counts;
  }
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** One value, or one for each value of the metric's own label; undefined: none yet. */
type Read<Subject> = (
  subject: Subject,
  habit: Habit | undefined,
) => number | Readonly<Record<string, number>> | undefined;

interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  /** Its own label, beside `kind` and `name`. */
  readonly label?: string;
  readonly route?: Read<RouteCounts>;
  readonly source?: Read<SourceStats>;
}

const NOTHING = (): undefined => undefined;

const lastSeen: Read<{ readonly lastSeenMs: number }> = ({ lastSeenMs }, habit) =>
  Math.max(lastSeenMs, habit?.lastSeenMs ?? 0) / 1000;
const silent: Read<unknown> = (_, habit) => (habit === undefined ? undefined : Number(habit.silent));
const habitSeconds: Read<unknown> = (_, habit) => (habit?.habitMs === undefined ? undefined : habit.habitMs / 1000);

const METRICS: readonly Metric[] = [
  {
    name: "seen_total",
    type: "counter",
    help: "Calls that came through a route, entries that came from a source.",
    route: ({ seen }) => seen,
    source: ({ seen }) => seen,
  },
  {
    name: "recorded_total",
    type: "counter",
    help: "Of these, those whose record is kept as was promised.",
    route: (counts) => ended(counts) - unrecorded(counts),
    source: ({ recorded }) => recorded,
  },
  {
    name: "outcomes_total",
    type: "counter",
    help: "How calls through a route ended.",
    label: "outcome",
    route: ({ outcomes }) => Object.fromEntries(OUTCOMES.map((outcome) => [outcome, outcomes.get(outcome) ?? 0])),
  },
  {
    name: "skipped_total",
    type: "counter",
    help: "What came from a source and made no record.",
    label: "reason",
    source: ({ skippedBy }) => skippedBy,
  },
  {
    name: "lost_total",
    type: "counter",
    help: "Calls through a route whose record could not be kept.",
    route: (counts) => unrecorded(counts) + counts.dropped,
  },
  {
    name: "excluded_total",
    type: "counter",
    help: "Calls to paths of a route that are excluded from recording.",
    route: ({ excluded }) => excluded,
  },
  {
    name: "under_way",
    type: "gauge",
    help: "Calls through a route that have not ended.",
    route: (counts) => counts.seen - ended(counts),
  },
  {
    name: "problem",
    type: "gauge",
    help: "1 when something keeps a source from being read or recorded.",
    source: ({ problem }) => Number(problem !== undefined),
  },
  {
    name: "last_seen_seconds",
    type: "gauge",
    help: "When a call or an entry last came, seconds since 1970; 0 for never.",
    route: lastSeen,
    source: lastSeen,
  },
  { name: "silent", type: "gauge", help: "1 when it is quieter than it ever is.", route: silent, source: silent },
  {
    name: "habit_seconds",
    type: "gauge",
    help: "How long it may be quiet before it counts as silent.",
    route: habitSeconds,
    source: habitSeconds,
  },
];

const OUTCOMES: readonly CallOutcome[] = [
  "ok",
  "client error",
  "server error",
  "denied",
  "refused",
  "upstream failed",
  "unrecorded",
];

function ended({ outcomes }: RouteCounts): number {
  return [...outcomes.values()].reduce((sum, count) => sum + count, 0);
}

function unrecorded({ outcomes }: RouteCounts): number {
  return outcomes.get("unrecorded") ?? 0;
}
