import { type CharSet, contains, LINE_ENDS, WORD } from "./char-set.ts";
import type { Assertion } from "./parse-regex.ts";
import type { Step } from "./program.ts";

/** What stands beside a place in the text: it decides assertions. */
export type Side = "edge" | "word" | "lineEnd" | "other";

export function sideOf(code: number | undefined): Side {
  if (code === undefined) return "edge";
  return contains(WORD, code) ? "word" : contains(LINE_ENDS, code) ? "lineEnd" : "other";
}

export function holds(what: Assertion, before: Side, after: Side): boolean {
  switch (what) {
    case "start":
      return before === "edge";
    case "end":
      return after === "edge";
    case "lineStart":
      return before === "edge" || before === "lineEnd";
    case "lineEnd":
      return after === "edge" || after === "lineEnd";
    case "wordEdge":
      return (before === "word") !== (after === "word");
    case "noWordEdge":
      return (before === "word") === (after === "word");
  }
}

interface State {
  /** Steps reached, before what takes no character was followed. */
  readonly kernel: readonly number[];
  readonly before: Side;
  /** By class of the next character; the last is the end of the text. */
  readonly next: (State | undefined)[];
}

/** States kept; past it they are forgotten and made anew, so memory is bounded and time stays linear. */
const STATES_MAX = 500;

/** States made for one text after which it is not worth keeping them. */
const STATES_OF_TEXT_MAX = 2 * STATES_MAX;

const MATCHED: State = { kernel: [], before: "edge", next: [] };

/** Whether a program matches anywhere in a text: states of the deterministic automaton are made when first needed. */
export class LazyAutomaton {
  readonly #steps: readonly Step[];
  readonly #classes: CharClasses;
  readonly #states = new Map<string, State>();
  #first: State;
  /** States ever made. */
  #made = 0;
  /** The round in which a step was seen last. */
  readonly #seen: Float64Array;
  #round = 0;

  constructor(steps: readonly Step[]) {
    this.#steps = steps;
    this.#seen = new Float64Array(steps.length);
    this.#classes = new CharClasses(steps.flatMap((step) => (step.kind === "set" ? [step.set] : [])));
    this.#first = this.#state([0], "edge");
  }

  test(text: string): boolean {
    let state = this.#first;
    const made = this.#made;
    for (let at = 0; at < text.length; at++) {
      if (this.#made - made > STATES_OF_TEXT_MAX) return this.#simulate(state, text, at);
      const group = this.#classes.of(text.charCodeAt(at));
      state = state.next[group] ?? this.#advance(state, group);
      if (state === MATCHED) return true;
    }
    const end = this.#classes.count;
    return (state.next[end] ?? this.#advance(state, end)) === MATCHED;
  }

  /** Goes on from a state without keeping any. */
  #simulate(state: State, text: string, from: number): boolean {
    let { kernel, before } = state;
    for (let at = from; at <= text.length; at++) {
      const code = at < text.length ? text.charCodeAt(at) : undefined;
      const after = sideOf(code);
      const reached = this.#follow(kernel, before, after);
      if (reached === undefined) return true;
      kernel = this.#step(reached, code);
      before = after;
    }
    return false;
  }

  #advance(state: State, group: number): State {
    const code = this.#classes.sample(group);
    const after = sideOf(code);
    const reached = this.#follow(state.kernel, state.before, after);
    const next =
      reached === undefined
        ? MATCHED
        : this.#state(
            this.#step(reached, code).sort((a, b) => a - b),
            after,
          );
    state.next[group] = next;
    return next;
  }

  /** A match may begin at every place: the first step is always among them. */
  #step(reached: readonly number[], code: number | undefined): number[] {
    const kernel: number[] = [0];
    if (code === undefined) return kernel;
    for (const at of reached) {
      const step = this.#steps[at];
      if (step?.kind === "set" && contains(step.set, code)) kernel.push(at + 1);
    }
    return kernel;
  }

  /** All steps that are reached without a character; undefined when one of them is the match. */
  #follow(kernel: readonly number[], before: Side, after: Side): readonly number[] | undefined {
    this.#round++;
    const reached: number[] = [];
    const waiting = [...kernel];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      if (this.#seen[at] === this.#round) continue;
      this.#seen[at] = this.#round;
      const step = this.#steps[at];
      if (step === undefined || step.kind === "match") return undefined;
      if (step.kind === "set") reached.push(at);
      else if (step.kind === "split") waiting.push(step.first, step.second);
      else if (step.kind === "jump") waiting.push(step.to);
      else if (step.kind === "save" || holds(step.what, before, after)) waiting.push(at + 1);
    }
    return reached;
  }

  #state(kernel: readonly number[], before: Side): State {
    const key = `${before} ${kernel.join(" ")}`;
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    if (this.#states.size >= STATES_MAX) this.#forget();
    this.#made++;
    const state: State = { kernel, before, next: [] };
    this.#states.set(key, state);
    return state;
  }

  #forget(): void {
    this.#states.clear();
    this.#first = { kernel: [0], before: "edge", next: [] };
    this.#states.set("edge 0", this.#first);
  }
}

/** Characters that no set of a program tells apart are one class. */
class CharClasses {
  readonly #starts: readonly number[];
  readonly #ascii = new Uint16Array(128);

  constructor(sets: readonly CharSet[]) {
    const starts = new Set<number>([0]);
    for (const set of [...sets, WORD, LINE_ENDS]) {
      for (const [at, code] of set.entries()) starts.add(at % 2 === 0 ? code : code + 1);
    }
    this.#starts = [...starts].filter((code) => code <= 0xffff).sort((a, b) => a - b);
    for (let code = 0; code < 128; code++) this.#ascii[code] = this.#find(code);
  }

  get count(): number {
    return this.#starts.length;
  }

  of(code: number): number {
    return code < 128 ? (this.#ascii[code] ?? 0) : this.#find(code);
  }

  /** A character of the class; undefined for the end of the text. */
  sample(group: number): number | undefined {
    return this.#starts[group];
  }

  #find(code: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= code) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
