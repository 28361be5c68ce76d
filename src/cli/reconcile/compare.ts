import type { Difference, LoggedCall, RecordedCall } from "./calls.ts";
import { disagreements, sameOperation } from "./disagreements.ts";

export interface Comparison {
  /** Calls of the log that a record tells of in the same way. */
  readonly agreed: number;
  /** In the order of their times. */
  readonly differences: readonly Difference[];
}

export interface CompareOptions {
  /** How far apart two times of one call may be that share no request id, milliseconds. */
  readonly windowMs: number;
  /** Records outside tell of calls that the log is not asked about; milliseconds since 1970, both inclusive. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** Beyond these, times are too close for them to tell calls of one key apart anyway. */
const CANDIDATES_MAX = 64;

/**
 * Compares an upstream's own log with our records. Pure.
 *
 * Calls are joined by their request ids. Where ids do not join any, or one of the two has none, they are joined by bucket,
 * key and operation, to the one that is nearest in time within the window, the same outcome and address preferred.
 */
export function compareCalls(
  log: readonly LoggedCall[],
  records: readonly RecordedCall[],
  { windowMs, fromMs, toMs }: CompareOptions,
): Comparison {
  const join = new Join(log, records);
  join.byRequestId();
  join.byTime(windowMs);
  const differences = [
    ...join.pairs.flatMap(([logged, record]): readonly Difference[] => {
      const fields = disagreements(logged, record);
      return fields.length === 0 ? [] : [{ kind: "differs", log: logged, record, fields }];
    }),
    ...[...join.log].map((logged): Difference => ({ kind: "not recorded", log: logged })),
    ...[...join.records]
      // What was refused by us, or never left, cannot be in anybody else's log.
      .filter(({ outcome, timeMs }) => outcome !== "not-forwarded" && timeMs >= fromMs && timeMs <= toMs)
      .map((record): Difference => ({ kind: "not logged", record })),
  ];
  const agreed = join.told - differences.filter(({ kind }) => kind !== "not logged").length;
  return { agreed, differences: differences.sort((one, other) => timeOf(one) - timeOf(other)) };
}

class Join {
  /** What nothing was found for yet. */
  readonly log: Set<LoggedCall>;
  readonly records: Set<RecordedCall>;
  readonly pairs: (readonly [LoggedCall, RecordedCall])[] = [];
  /** Calls that the log tells of: its lines without those that repeat another, or tell of a part of its call. */
  told = 0;
  #idsJoin = false;

  constructor(log: readonly LoggedCall[], records: readonly RecordedCall[]) {
    this.log = new Set(log);
    this.records = new Set(records);
  }

  byRequestId(): void {
    const recorded = Map.groupBy(
      [...this.records].filter(({ requestId }) => requestId !== undefined),
      ({ requestId }) => requestId,
    );
    const lines = Map.groupBy([...this.log], (line) => line.requestId ?? line);
    for (const [id, group] of lines) {
      const calls = this.#callsOf(group);
      const records = typeof id === "string" ? (recorded.get(id) ?? []) : [];
      if (records.length === 0) continue;
      this.#idsJoin = true;
      this.#joinGroup(calls, records);
    }
  }

  /** One request may have several lines: S3 writes some twice, and one for each key that DeleteObjects deletes. */
  #callsOf(group: readonly LoggedCall[]): readonly LoggedCall[] {
    const whole = group.filter(({ part }) => !part);
    const distinct = new Map(
      (whole.length > 0 ? whole : group).map((line) => [`${line.operation}\n${line.key}`, line]),
    );
    const calls = [...distinct.values()];
    for (const line of group) if (!calls.includes(line)) this.log.delete(line);
    this.told += calls.length;
    return calls;
  }

  #joinGroup(calls: readonly LoggedCall[], records: readonly RecordedCall[]): void {
    const left = new Set(records);
    const fits: readonly ((call: LoggedCall, record: RecordedCall) => boolean)[] = [
      (call, record) => sameOperation(call, record) && call.key === record.key,
      sameOperation,
      () => true,
    ];
    for (const fit of fits) {
      for (const call of calls.filter((one) => this.log.has(one))) {
        const record = [...left].find((one) => fit(call, one));
        if (record === undefined) continue;
        left.delete(record);
        this.#pair(call, record);
      }
    }
    // Records of parts of the call: the log told of it as a whole.
    for (const record of left) this.records.delete(record);
  }

  byTime(windowMs: number): void {
    const places = Map.groupBy([...this.records].toSorted(byTime), ({ bucket, key }) => `${bucket}\n${key}`);
    const candidates = [...this.log].flatMap((call) => {
      const near = within(places.get(`${call.bucket}\n${call.key}`) ?? [], call.timeMs, windowMs);
      return near
        .filter((record) => sameOperation(call, record) && !this.#differentIds(call, record))
        .map((record) => ({ call, record, cost: costOf(call, record, windowMs) }));
    });
    for (const { call, record } of candidates.sort((one, other) => one.cost - other.cost)) {
      if (this.log.has(call) && this.records.has(record)) this.#pair(call, record);
    }
  }

  /** Ids tell calls apart only if they are the same server's, and an answer brought ours. */
  #differentIds(call: LoggedCall, record: RecordedCall): boolean {
    const known = call.requestId !== undefined && record.requestId !== undefined && record.outcome === undefined;
    return this.#idsJoin && known;
  }

  #pair(call: LoggedCall, record: RecordedCall): void {
    this.log.delete(call);
    this.records.delete(record);
    this.pairs.push([call, record]);
  }
}

/** Of records in the order of their times, those within the window, the nearest if there are too many. */
function within(records: readonly RecordedCall[], timeMs: number, windowMs: number): readonly RecordedCall[] {
  let [low, high] = [0, records.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((records[middle]?.timeMs ?? 0) < timeMs - windowMs) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (end < records.length && (records[end]?.timeMs ?? 0) <= timeMs + windowMs) end += 1;
  const near = records.slice(low, end);
  if (near.length <= CANDIDATES_MAX) return near;
  return near
    .toSorted((one, other) => Math.abs(one.timeMs - timeMs) - Math.abs(other.timeMs - timeMs))
    .slice(0, CANDIDATES_MAX);
}

/** Whatever is nearer in time comes first; what else speaks against a pair counts as distance. */
function costOf(log: LoggedCall, record: RecordedCall, windowMs: number): number {
  const failed = log.status === undefined ? undefined : log.status >= 400;
  const otherOutcome = failed !== undefined && failed !== (record.errorCode !== undefined);
  const otherAddress = log.remoteIp !== undefined && log.remoteIp !== record.remoteIp;
  return Math.abs(log.timeMs - record.timeMs) + (otherOutcome ? 2 * windowMs : 0) + (otherAddress ? windowMs / 4 : 0);
}

function byTime(one: RecordedCall, other: RecordedCall): number {
  return one.timeMs - other.timeMs;
}

function timeOf(difference: Difference): number {
  return difference.kind === "not logged" ? difference.record.timeMs : difference.log.timeMs;
}
