import type { PreviousDigest } from "./digest-file.ts";
import { HASH_ALGORITHM, NO_PREVIOUS } from "./digest-file.ts";

/**
 * Where a chain of digests stands; what happens to it are pure functions. All times are milliseconds since 1970 in whole
 * seconds, as digests tell them. The ends of a chain's digests only grow, whatever the clock does: they name the files.
 */
export interface ChainState {
  /** Of the next digest, over all of the chain's runs. */
  readonly number: number;
  /** The latest digest's end. What was delivered up to here and is in no digest is late. */
  readonly closedTo?: number;
  /** What the next digest names as the one before it; absent when it starts a run. */
  readonly previous?: PreviousLink;
  /** Absent while the trail does not validate, and in chains of backfill digests. */
  readonly run?: Run;
}

export interface PreviousLink {
  readonly bucket: string;
  readonly key: string;
  readonly sha256: string;
  readonly signature: string;
}

/** From a starting digest to a final one. */
export interface Run {
  /** The open window's start. */
  readonly start: number;
  /** The next digest may be the last one. */
  readonly ending: boolean;
  /** The trail validates again before the last digest was made: that one ends here, and the next run begins. */
  readonly restart?: { readonly at: number; readonly ending: boolean };
}

/** A window whose digest is due. `last` ends the run. */
export interface Window {
  readonly start: number;
  readonly end: number;
  readonly last: boolean;
}

export interface ChainTimes {
  /** Length of a window. */
  readonly intervalMs: number;
  /** How long after its end a window is closed: a file that lies in its bucket may be about to be told of. */
  readonly graceMs: number;
}

export const NEW_CHAIN: ChainState = { number: 0 };

/** After an outage or a clock's leap this many windows are closed one by one; what is before them gets one digest. */
const MISSED_WINDOWS_MAX = 1000;

const SECOND_MS = 1000;

/** The trail validates from now on. */
export function beginRun(state: ChainState, now: number): ChainState {
  const { run } = state;
  if (run === undefined) {
    const start = Math.max(floorSecond(now), state.closedTo ?? 0);
    return { ...withoutPrevious(state), run: { start, ending: false } };
  }
  if (!run.ending) return state;
  const at = run.restart?.at ?? Math.max(ceilSecond(now), run.start + SECOND_MS);
  return { ...state, run: { ...run, restart: { at, ending: false } } };
}

/** The trail does not validate any more. */
export function endRun(state: ChainState): ChainState {
  const { run } = state;
  if (run === undefined) return state;
  if (!run.ending) return { ...state, run: { ...run, ending: true } };
  return run.restart === undefined ? state : { ...state, run: { ...run, restart: { ...run.restart, ending: true } } };
}

/** Where windows begin when the first file came at `deliveredAt`: on the trail's boundaries, however late the file is. */
export function startBefore(deliveredAt: number, since: number, intervalMs: number): number {
  return since + Math.max(0, Math.ceil((deliveredAt - since) / intervalMs) - 1) * intervalMs;
}

/** Whether a file is to be told of by a backfill digest: its window is closed. */
export function isLate(state: ChainState, deliveredAt: number): boolean {
  return state.closedTo !== undefined && deliveredAt <= state.closedTo;
}

/** When the open window wants to be looked at; undefined when there is none. */
export function windowDue({ run }: ChainState, { intervalMs, graceMs }: ChainTimes): number | undefined {
  if (run === undefined) return undefined;
  return run.ending ? 0 : run.start + intervalMs + graceMs;
}

/**
 * The window to close now. When the run is ending, `mayEnd` says that nothing is to be delivered any more and `newest` is
 * when the latest of the files was.
 */
export function windowToClose(
  { run }: ChainState,
  times: ChainTimes,
  now: number,
  mayEnd: boolean,
  newest: number,
): Window | undefined {
  if (run === undefined) return undefined;
  const { start } = run;
  if (run.restart !== undefined) return { start, end: run.restart.at, last: true };
  if (run.ending) {
    // A clock that was set back must not leave files behind that are newer than it.
    const latest = Math.max(ceilSecond(now), start + SECOND_MS, ceilSecond(newest));
    return mayEnd ? { start, end: latest, last: true } : undefined;
  }
  const missed = Math.floor((now - times.graceMs - start) / times.intervalMs);
  if (missed < 1) return undefined;
  return { start, end: start + Math.max(1, missed - MISSED_WINDOWS_MAX + 1) * times.intervalMs, last: false };
}

/** The chain after the digest of `window` was made. */
export function closed(state: ChainState, { end: closedTo, last }: Window, previous: PreviousLink): ChainState {
  const { run, ...rest } = state;
  const next = { ...rest, number: state.number + 1, closedTo };
  if (run === undefined) return { ...next, previous };
  if (!last) return { ...next, previous, run: { ...run, start: closedTo } };
  const { restart } = run;
  return {
    ...withoutPrevious(next),
    ...(restart !== undefined && { run: { start: closedTo, ending: restart.ending } }),
  };
}

/** The end of the closed window in which a late file was delivered, on the boundaries of the open one. */
export function lateWindowEnd(state: ChainState, deliveredAt: number, intervalMs: number): number {
  const boundary = state.run?.start ?? state.closedTo ?? 0;
  return boundary - Math.floor((boundary - deliveredAt) / intervalMs) * intervalMs;
}

/**
 * The window of the next backfill digest, from the times at which late files were delivered: the oldest one's window, or
 * all that there are when the regular chain's run is ending. `due` is when it is over by the clock, which was set back if
 * that is not so yet. A second digest for the same window ends a second later, for its name.
 */
export function backfillWindow(
  regular: ChainState,
  backfill: ChainState,
  { oldest, newest }: { readonly oldest: number; readonly newest: number },
  { intervalMs, graceMs }: ChainTimes,
): Window & { readonly filesTo: number; readonly due: number } {
  const first = lateWindowEnd(regular, oldest, intervalMs);
  const ending = regular.run?.ending !== false;
  const last = ending ? lateWindowEnd(regular, newest, intervalMs) : first;
  return {
    start: first - intervalMs,
    end: Math.max(last, (backfill.closedTo ?? 0) + SECOND_MS),
    last: false,
    // The boundaries of this run need not be those of an earlier one's end.
    filesTo: Math.min(last, regular.closedTo ?? last),
    due: ending ? 0 : last + graceMs,
  };
}

/** What a digest says of the one before it. */
export function previousOf({ previous }: ChainState): PreviousDigest {
  if (previous === undefined) return NO_PREVIOUS;
  return {
    previousDigestS3Bucket: previous.bucket,
    previousDigestS3Object: previous.key,
    previousDigestHashValue: previous.sha256,
    previousDigestHashAlgorithm: HASH_ALGORITHM,
    previousDigestSignature: previous.signature,
  };
}

function withoutPrevious(state: ChainState): ChainState {
  const { previous, ...rest } = state;
  return previous === undefined ? state : rest;
}

export function floorSecond(ms: number): number {
  return Math.floor(ms / SECOND_MS) * SECOND_MS;
}

function ceilSecond(ms: number): number {
  return Math.ceil(ms / SECOND_MS) * SECOND_MS;
}
