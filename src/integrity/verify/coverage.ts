import type { TimeRange } from "./finding.ts";
import { logStampMs } from "./log-key.ts";
import type { ListedFile } from "./log-source.ts";

/** Digests of an hour each, unless the chain says otherwise. */
const INTERVAL_MS = 3_600_000;
/** How much later than closed a log file may be delivered, in the ordinary course of things. */
const DELIVERY_MS = 15 * 60_000;
/** Names tell the minute in which a log file was closed, not the second. */
const STAMP_MS = 60_000;

export type Judgement = "listed" | "foreign" | "open";

/** What the valid digest files of an account and Region cover, and which log files they list. */
export class Coverage {
  readonly #ranges: TimeRange[] = [];
  readonly #listed = new Set<string>();
  #cache: { readonly of: number; readonly ranges: readonly TimeRange[] } | undefined;

  /** Without a range: of digest files that add to what others cover. */
  add(range: TimeRange | undefined, keys: readonly string[]): void {
    if (range !== undefined) this.#ranges.push(range);
    for (const key of keys) this.#listed.add(key);
  }

  /**
   * What to think of a log file that lies in the bucket: `listed`; `foreign` when the digest files of its time do not know
   * it; `open` when no digest file can know it yet, or none was to be made. What a bucket that refused writes got late is
   * named after an earlier time: as long as the next digest file is not overdue, that one may list it.
   */
  judge({ key, putMs }: Pick<ListedFile, "key" | "putMs">, now: number): Judgement {
    if (this.#listed.has(key)) return "listed";
    const ms = logStampMs(key);
    // Whatever has no time in its name was never delivered by a trail.
    if (ms === undefined) return "foreign";
    if (putMs !== undefined && this.#mayBeListedYet(putMs, now)) return "open";
    const slackMs = STAMP_MS + Math.min(DELIVERY_MS, this.intervalMs());
    return this.#merged().some(({ fromMs, toMs }) => ms >= fromMs && ms + slackMs <= toMs) ? "foreign" : "open";
  }

  #mayBeListedYet(putMs: number, now: number): boolean {
    const newest = this.#merged().at(-1)?.toMs;
    return newest !== undefined && putMs >= newest && missingSince(newest, this.intervalMs(), now) === undefined;
  }

  /** What most digest files cover, in milliseconds. */
  intervalMs(): number {
    return medianLength(this.#ranges) ?? INTERVAL_MS;
  }

  #merged(): readonly TimeRange[] {
    if (this.#cache?.of !== this.#ranges.length) this.#cache = { of: this.#ranges.length, ranges: merge(this.#ranges) };
    return this.#cache.ranges;
  }
}

function medianLength(ranges: readonly TimeRange[]): number | undefined {
  const lengths = ranges.map(({ fromMs, toMs }) => toMs - fromMs).toSorted((one, other) => one - other);
  return lengths[Math.floor(lengths.length / 2)];
}

function merge(ranges: readonly TimeRange[]): readonly TimeRange[] {
  const merged: { fromMs: number; toMs: number }[] = [];
  for (const { fromMs, toMs } of ranges.toSorted((one, other) => one.fromMs - other.fromMs)) {
    const last = merged.at(-1);
    if (last !== undefined && fromMs <= last.toMs) last.toMs = Math.max(last.toMs, toMs);
    else merged.push({ fromMs, toMs });
  }
  return merged;
}

/**
 * When a digest file should have followed the newest one, that is not there; undefined when it may be on its way yet.
 * Each comes an interval after the one before it, and may be late by another, or by a quarter of an hour.
 */
export function missingSince(newestEndMs: number, intervalMs: number, untilMs: number): number | undefined {
  const graceMs = Math.max(intervalMs, DELIVERY_MS);
  return newestEndMs + intervalMs + graceMs < untilMs ? newestEndMs + intervalMs : undefined;
}
