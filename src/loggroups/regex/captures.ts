import { contains } from "./char-set.ts";
import { holds, sideOf } from "./lazy-automaton.ts";
import type { Step } from "./program.ts";

interface Thread {
  readonly at: number;
  /** Starts and ends of groups, group 0 being the whole match; undefined for a group that took no part. */
  readonly slots: readonly (number | undefined)[];
}

/**
 * The first match at or after `from`, with its groups, of all ways at once: each step of the program is held at most once
 * a character. Which way is preferred is as in JavaScript.
 */
export function findCaptures(
  steps: readonly Step[],
  text: string,
  from: number,
): readonly (number | undefined)[] | undefined {
  let threads: Thread[] = [];
  let found: readonly (number | undefined)[] | undefined;
  for (let place = from; place <= text.length; place++) {
    if (found === undefined) threads.push({ at: 0, slots: [place] });
    if (threads.length === 0) break;
    const next: Thread[] = [];
    const code = place < text.length ? text.charCodeAt(place) : undefined;
    for (const { at, slots } of reach(steps, threads, text, place)) {
      const step = steps[at];
      if (step === undefined || step.kind === "match") {
        found = withSlot(slots, 1, place);
        break; // what comes later is less preferred
      }
      if (step.kind === "set" && code !== undefined && contains(step.set, code)) next.push({ at: at + 1, slots });
    }
    threads = next;
  }
  return found;
}

/** Follows what takes no character, in order of preference. */
function reach(steps: readonly Step[], threads: readonly Thread[], text: string, place: number): readonly Thread[] {
  const before = sideOf(place > 0 ? text.charCodeAt(place - 1) : undefined);
  const after = sideOf(place < text.length ? text.charCodeAt(place) : undefined);
  const seen = new Set<number>();
  const reached: Thread[] = [];
  const waiting = threads.toReversed();
  for (let thread = waiting.pop(); thread !== undefined; thread = waiting.pop()) {
    const { at, slots } = thread;
    if (seen.has(at)) continue;
    seen.add(at);
    const step = steps[at];
    if (step?.kind === "split") waiting.push({ at: step.second, slots }, { at: step.first, slots });
    else if (step?.kind === "jump") waiting.push({ at: step.to, slots });
    else if (step?.kind === "save") waiting.push({ at: at + 1, slots: withSlot(slots, step.slot, place) });
    else if (step?.kind !== "assert") reached.push(thread);
    else if (holds(step.what, before, after)) waiting.push({ at: at + 1, slots });
  }
  return reached;
}

function withSlot(
  slots: readonly (number | undefined)[],
  slot: number,
  place: number,
): readonly (number | undefined)[] {
  const copy = [...slots];
  copy[slot] = place;
  return copy;
}
