import { type CharSet, contains, union } from "./char-set.ts";
import { holds, sideOf } from "./lazy-automaton.ts";
import { RegexError } from "./parse-regex.ts";
import type { Step } from "./program.ts";

type Slots = readonly (number | undefined)[];

interface Thread {
  readonly at: number;
  /** Starts and ends of groups, group 0 being the whole match; undefined for a group that took no part. */
  readonly slots: Slots;
}

/** Steps held, over all characters of one text: less than a second. */
const WORK_MAX = 3_000_000;

/** Finds matches with their groups, going all ways at once: each step of the program is held at most once a character. */
export class Captures {
  readonly #steps: readonly Step[];
  /** What a match can begin with; undefined when that is anything. */
  readonly #begin: CharSet | undefined;
  /** The round in which a step was seen last. */
  readonly #seen: Float64Array;
  #round = 0;

  constructor(steps: readonly Step[]) {
    this.#steps = steps;
    this.#begin = beginnings(steps);
    this.#seen = new Float64Array(steps.length);
  }

  /**
   * The first match at or after `from`. Which way is preferred is as in JavaScript.
   * @throws {RegexError} when an expression that holds hundreds of steps at once meets a very long text.
   */
  find(text: string, from: number): Slots | undefined {
    let threads: Thread[] = [];
    let found: Slots | undefined;
    let work = 0;
    for (let place = from; place <= text.length; place++) {
      const code = place < text.length ? text.charCodeAt(place) : undefined;
      if (found === undefined && this.#mayBegin(code)) threads.push({ at: 0, slots: [place] });
      if (threads.length === 0 && found !== undefined) break;
      if (threads.length === 0) continue;
      const reached = this.#reach(threads, text, place);
      work += reached.length;
      if (work > WORK_MAX) throw new RegexError("the expression takes too long on a long text", 0);
      threads = [];
      for (const { at, slots } of reached) {
        const step = this.#steps[at];
        if (step === undefined || step.kind === "match") {
          found = withSlot(slots, 1, place);
          break; // what comes later is less preferred
        }
        if (step.kind === "set" && code !== undefined && contains(step.set, code)) threads.push({ at: at + 1, slots });
      }
    }
    return found;
  }

  #mayBegin(code: number | undefined): boolean {
    return this.#begin === undefined || (code !== undefined && contains(this.#begin, code));
  }

  /** Follows what takes no character, in order of preference. */
  #reach(threads: readonly Thread[], text: string, place: number): readonly Thread[] {
    const before = sideOf(place > 0 ? text.charCodeAt(place - 1) : undefined);
    const after = sideOf(place < text.length ? text.charCodeAt(place) : undefined);
    this.#round++;
    const reached: Thread[] = [];
    const waiting = threads.toReversed();
    for (let thread = waiting.pop(); thread !== undefined; thread = waiting.pop()) {
      const { at, slots } = thread;
      if (this.#seen[at] === this.#round) continue;
      this.#seen[at] = this.#round;
      const step = this.#steps[at];
      if (step?.kind === "split") waiting.push({ at: step.second, slots }, { at: step.first, slots });
      else if (step?.kind === "jump") waiting.push({ at: step.to, slots });
      else if (step?.kind === "save") waiting.push({ at: at + 1, slots: withSlot(slots, step.slot, place) });
      else if (step?.kind !== "assert") reached.push(thread);
      else if (holds(step.what, before, after)) waiting.push({ at: at + 1, slots });
    }
    return reached;
  }
}

function withSlot(slots: Slots, slot: number, place: number): Slots {
  const copy = [...slots];
  copy[slot] = place;
  return copy;
}

function beginnings(steps: readonly Step[]): CharSet | undefined {
  const sets: CharSet[] = [];
  const seen = new Set<number>();
  const waiting = [0];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    const step = steps[at];
    if (step === undefined || step.kind === "match") return undefined; // it may be empty
    if (step.kind === "set") sets.push(step.set);
    else if (step.kind === "split") waiting.push(step.first, step.second);
    else waiting.push(step.kind === "jump" ? step.to : at + 1);
  }
  return union(sets);
}
