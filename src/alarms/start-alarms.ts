import { setImmediate as nextTurn } from "node:timers/promises";
import type { Kysely } from "kysely";
import type { Logger } from "pino";
import type { Clock } from "../core/index.ts";
import type { Alarm, StateValue } from "./alarm.ts";
import { keysOf, readDatapoints, statisticOf, stepMsOf } from "./alarm-data.ts";
import { allAlarms, expireHistory, readAlarm } from "./alarms.ts";
import { type AlarmsTables, type ChangeNeeds, changeState, type NewState } from "./change-state.ts";
import { type Datapoint, judge, type Verdict } from "./judge.ts";
import { keyText, type MetricKey } from "./metric.ts";
import type { OpenMetrics } from "./metrics.ts";
import { stateReason, stateReasonData } from "./reason.ts";
import { parseStatistic } from "./statistic.ts";

export interface AlarmsNeeds extends ChangeNeeds {
  readonly tables: Kysely<AlarmsTables>;
  readonly metrics: Pick<OpenMetrics, "onWritten" | "flush">;
  /** Told after deliveries were committed. */
  readonly wake: () => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Who judges the alarms. */
export interface Alarms {
  /** Alarms have changed, or will have once the transaction under way commits. */
  changed(): void;
  /** Puts an alarm into a state by hand, in the caller's transaction, until it is judged again. */
  setState(transaction: Kysely<AlarmsTables>, alarm: Alarm, state: NewState, now: number): Promise<void>;
  /** Judges what is due; done every few seconds by itself. */
  tick(): Promise<void>;
  stats(): AlarmsStats;
  close(): Promise<void>;
}

/** Counts since the start; `alarms` and `inAlarm` are now. */
export interface AlarmsStats {
  readonly alarms: number;
  readonly inAlarm: number;
  readonly judged: number;
  readonly changes: number;
  readonly failures: number;
}

const TICK_MS = 5_000;
/** After a change of alarms others often follow: they are read once. */
const RELOAD_AFTER_MS = 100;
const EXPIRE_EVERY_MS = 3_600_000;
/** A minute counts as complete so long after its end: what was measured in it has been written then. */
const LATE_MS = 2_000;

interface Watched {
  readonly alarm: Alarm;
  /** The metrics that decide over it. */
  readonly keys: readonly MetricKey[];
  state: StateValue;
  /** Up to when complete periods have been judged. */
  judgedUntil: number;
}

/** @throws {Failure} when the tables cannot be read. */
export async function startAlarms(needs: AlarmsNeeds): Promise<Alarms> {
  const { tables, metrics, clock, log } = needs;
  let watched: ReadonlyMap<string, Watched> = new Map();
  let byMetric: ReadonlyMap<string, readonly Watched[]> = new Map();
  /** Those whose metric has new data. */
  const fresh = new Set<string>();
  let stale = true;
  let working: Promise<void> = Promise.resolve();
  let expiredAt = Number.NEGATIVE_INFINITY;
  let closed = false;
  let reloading: NodeJS.Timeout | undefined;
  const counts = { judged: 0, changes: 0, failures: 0 };

  const reload = async (): Promise<void> => {
    if (!stale) return;
    stale = false;
    try {
      const next = new Map<string, Watched>();
      for (const alarm of await allAlarms(tables)) {
        const known = watched.get(alarm.arn);
        const same = known?.alarm.configuredAt === alarm.configuredAt;
        const judgedUntil = same ? known.judgedUntil : Number.NEGATIVE_INFINITY;
        next.set(alarm.arn, { alarm, keys: keysOf(alarm), state: alarm.state.value, judgedUntil });
      }
      watched = next;
      byMetric = indexed(next.values());
    } catch (thrown) {
      stale = true;
      throw thrown;
    }
  };

  const change = async (one: Watched, found: NewState, now: number): Promise<void> => {
    const changed = await tables.transaction().execute(async (transaction: Kysely<AlarmsTables>) => {
      const current = await readAlarm(transaction, one.alarm.arn);
      if (current?.configuredAt !== one.alarm.configuredAt || current.state.value === found.value) return false;
      await changeState(transaction, needs, current, found, now);
      return true;
    });
    if (!changed) return;
    one.state = found.value;
    counts.changes += 1;
    needs.wake();
  };

  /** Judges the alarm, and changes its state where the tables still have it as it was judged. */
  const judgeOne = async (one: Watched): Promise<void> => {
    const { alarm } = one;
    const now = clock.now();
    const complete = completeEnd(alarm, now);
    const found = await verdictOf(tables, alarm, now);
    counts.judged += 1;
    if (found !== undefined && found.value !== (await readAlarm(tables, alarm.arn))?.state.value) {
      await change(one, found, now);
    }
    one.judgedUntil = complete;
  };

  const judgeAll = async (due: Iterable<Watched>): Promise<void> => {
    for (const one of due) {
      try {
        await judgeOne(one);
      } catch (err) {
        counts.failures += 1;
        // The next tick tries again.
        one.judgedUntil = Number.NEGATIVE_INFINITY;
        log.error({ err, alarm: one.alarm.arn }, "an alarm could not be judged");
      }
      // The tables answer without leaving the thread: others get their turn in between.
      await nextTurn();
    }
  };

  const work = (job: () => Promise<void>): Promise<void> => {
    if (closed) return working;
    const done = working.then(async () => {
      await reload();
      await job();
    });
    working = done.catch((err: unknown) => log.error({ err }, "alarms could not be judged"));
    return working;
  };

  const tick = (): Promise<void> =>
    work(async () => {
      await metrics.flush();
      const now = clock.now();
      await judgeAll([...watched.values()].filter((one) => completeEnd(one.alarm, now) !== one.judgedUntil));
      if (now - expiredAt >= EXPIRE_EVERY_MS || now < expiredAt) {
        await expireHistory(tables, now);
        expiredAt = now;
      }
    });

  const judgeFresh = (): Promise<void> =>
    work(async () => {
      const arns = [...fresh];
      fresh.clear();
      await judgeAll(arns.flatMap((arn) => watched.get(arn) ?? []));
    });

  metrics.onWritten((keys) => {
    const waits = fresh.size > 0;
    for (const text of new Set(keys.map(keyText))) {
      for (const { alarm } of byMetric.get(text) ?? []) fresh.add(alarm.arn);
    }
    if (!waits && fresh.size > 0) void judgeFresh();
  });

  await reload();
  const ticking = setInterval(() => void tick(), TICK_MS);
  ticking.unref();

  return {
    changed: () => {
      stale = true;
      reloading ??= setTimeout(() => {
        reloading = undefined;
        void tick();
      }, RELOAD_AFTER_MS);
      reloading.unref();
    },
    setState: (transaction, alarm, state, now) => changeState(transaction, needs, alarm, state, now),
    tick,
    stats: () => ({
      alarms: watched.size,
      inAlarm: [...watched.values()].filter(({ state }) => state === "ALARM").length,
      ...counts,
    }),
    close: async () => {
      closed = true;
      clearInterval(ticking);
      clearTimeout(reloading);
      await working;
    },
  };
}

function indexed(all: Iterable<Watched>): ReadonlyMap<string, readonly Watched[]> {
  const index = new Map<string, Watched[]>();
  for (const one of all) {
    for (const text of new Set(one.keys.map(keyText))) {
      const others = index.get(text);
      if (others === undefined) index.set(text, [one]);
      else others.push(one);
    }
  }
  return index;
}

/** The end of the last step of which all data are there. */
function completeEnd(alarm: Alarm, now: number): number {
  const step = stepMsOf(alarm);
  return Math.floor((now - LATE_MS) / step) * step;
}

/**
 * What the data say now; undefined when the alarm keeps its state. The step under way counts where it breaches already
 * and nothing that may still come could undo that: an alarm on what must not happen fires at once.
 */
async function verdictOf(tables: Kysely<AlarmsTables>, alarm: Alarm, now: number): Promise<NewState | undefined> {
  const { settings } = alarm;
  const complete = completeEnd(alarm, now);
  const step = stepMsOf(alarm);
  for (let end = complete + step; breachLasts(alarm) && end <= now + step; end += step) {
    const early = await readDatapoints(tables, alarm, end);
    const verdict = judge({ ...settings, TreatMissingData: "notBreaching" }, early);
    if (verdict?.state === "ALARM") return newState(alarm, verdict, early, now);
  }
  const datapoints = await readDatapoints(tables, alarm, complete);
  if (isTooThin(alarm, datapoints)) return undefined;
  const verdict = judge(settings, datapoints);
  return verdict === undefined ? undefined : newState(alarm, verdict, datapoints, now);
}

function newState(alarm: Alarm, verdict: Verdict, datapoints: readonly Datapoint[], now: number): NewState {
  return {
    value: verdict.state,
    reason: stateReason(alarm.settings, verdict),
    reasonData: stateReasonData(alarm.settings, verdict, datapoints, now),
  };
}

function breachLasts(alarm: Alarm): boolean {
  const direction = parseStatistic(statisticOf(alarm) ?? "")?.direction;
  return direction === (alarm.settings.ComparisonOperator.startsWith("Greater") ? "rising" : "falling");
}

/**
 * Whether a percentile has too few samples to say anything, and the alarm is told to wait then.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html
 */
function isTooThin(alarm: Alarm, datapoints: readonly Datapoint[]): boolean {
  const { settings } = alarm;
  const percent = Number(/^p([\d.]+)$/i.exec(statisticOf(alarm) ?? "")?.[1] ?? Number.NaN);
  if (settings.EvaluateLowSampleCountPercentile !== "ignore" || Number.isNaN(percent)) return false;
  const needed = 1000 / Math.min(percent, 100 - percent);
  return datapoints
    .slice(0, settings.EvaluationPeriods)
    .some(({ value, samples }) => value !== undefined && samples < needed);
}
