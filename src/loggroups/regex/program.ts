import type { CharSet } from "./char-set.ts";
import { type Assertion, RegexError, type RegexNode } from "./parse-regex.ts";

/** One step of a matching machine. The next step is the following one, unless said otherwise. */
export type Step =
  | { readonly kind: "set"; readonly set: CharSet }
  /** Either way; the first is preferred. */
  | { readonly kind: "split"; first: number; second: number }
  | { readonly kind: "jump"; to: number }
  | { readonly kind: "save"; readonly slot: number }
  | { readonly kind: "assert"; readonly what: Assertion }
  | { readonly kind: "match" };

/** A text of n characters costs at most n times this, whatever the pattern. */
const STEPS_MAX = 500;

/** @throws {RegexError} when the expression needs more than 500 steps, counted repetitions written out. */
export function compileProgram(node: RegexNode): readonly Step[] {
  const steps: Step[] = [];
  emit(node, steps);
  add(steps, { kind: "match" });
  return steps;
}

function emit(node: RegexNode, steps: Step[]): void {
  switch (node.kind) {
    case "empty":
      return;
    case "set":
      add(steps, { kind: "set", set: node.set });
      return;
    case "assert":
      add(steps, { kind: "assert", what: node.what });
      return;
    case "sequence":
      for (const part of node.parts) emit(part, steps);
      return;
    case "group":
      add(steps, { kind: "save", slot: node.index * 2 });
      emit(node.part, steps);
      add(steps, { kind: "save", slot: node.index * 2 + 1 });
      return;
    case "choice":
      emitChoice(node.parts, steps);
      return;
    case "repeat":
      emitRepeat(node, steps);
      return;
  }
}

function emitChoice(parts: readonly RegexNode[], steps: Step[]): void {
  const jumps: { to: number }[] = [];
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1) {
      emit(part, steps);
      break;
    }
    const split = addSplit(steps);
    split.first = steps.length;
    emit(part, steps);
    jumps.push(addJump(steps));
    split.second = steps.length;
  }
  for (const jump of jumps) jump.to = steps.length;
}

function emitRepeat(node: RegexNode & { kind: "repeat" }, steps: Step[]): void {
  for (let count = 0; count < node.min; count++) {
    const start = steps.length;
    emit(node.part, steps);
    if (steps.length === start) return; // nothing, however often
  }
  if (node.max === Number.POSITIVE_INFINITY) {
    const split = addSplit(steps);
    const start = steps.length;
    emit(node.part, steps);
    addJump(steps).to = start - 1;
    aim(split, start, steps.length, node.greedy);
    return;
  }
  const splits: { split: Split; start: number }[] = [];
  for (let count = node.min; count < node.max; count++) {
    splits.push({ split: addSplit(steps), start: steps.length });
    emit(node.part, steps);
  }
  for (const { split, start } of splits) aim(split, start, steps.length, node.greedy);
}

type Split = Step & { kind: "split" };

function aim(split: Split, into: number, past: number, greedy: boolean): void {
  split.first = greedy ? into : past;
  split.second = greedy ? past : into;
}

function addSplit(steps: Step[]): Split {
  const split: Split = { kind: "split", first: 0, second: 0 };
  add(steps, split);
  return split;
}

function addJump(steps: Step[]): Step & { kind: "jump" } {
  const jump: Step & { kind: "jump" } = { kind: "jump", to: 0 };
  add(steps, jump);
  return jump;
}

function add(steps: Step[], step: Step): void {
  if (steps.length >= STEPS_MAX) throw new RegexError(`the expression is too large: over ${STEPS_MAX} steps`, 0);
  steps.push(step);
}
