import type { Json, JsonObject } from "../patterns/index.ts";

/** A JSON path, taken apart. Made by `parseJsonPath`. */
export type JsonPath = readonly PathStep[];

type PathStep = { readonly key: string } | { readonly index: number } | "*";

/** A step: `.name`, `.*`, `['name']`, `[3]` or `[*]`. Names bear dashes and slashes as they are. */
const STEP = /\.(\*|[^.[\]*'"\s]+)|\[(?:(\d{1,9})|(\*)|'([^']*)'|"([^"]*)")\]/y;

/** Every wildcard may multiply what is found. */
const FOUND_MAX = 10_000;

/**
 * What EventBridge understands of JSON paths: `$`, dots, indices and wildcards. Undefined when the text is none.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
 */
export function parseJsonPath(text: string): JsonPath | undefined {
  if (!text.startsWith("$")) return undefined;
  const steps: PathStep[] = [];
  STEP.lastIndex = 1;
  for (let at = 1; at < text.length; at = STEP.lastIndex) {
    const found = STEP.exec(text);
    if (found === null) return undefined;
    const [, dotted, index, star, single, double] = found;
    if (dotted === "*" || star !== undefined) steps.push("*");
    else if (index !== undefined) steps.push({ index: Number(index) });
    else steps.push({ key: dotted ?? single ?? double ?? "" });
  }
  return steps;
}

/** What stands at the path; undefined when nothing does. With wildcards it is the list of all that is found, if any. */
export function valueAt(path: JsonPath, root: Json): Json | undefined {
  let found: Json[] = [root];
  for (const step of path) {
    const next: Json[] = [];
    for (const value of found) {
      for (const child of childrenAt(step, value)) if (next.length < FOUND_MAX) next.push(child);
    }
    found = next;
  }
  if (!path.includes("*")) return found[0];
  return found.length === 0 ? undefined : found;
}

function childrenAt(step: PathStep, value: Json): readonly Json[] {
  if (typeof value !== "object" || value === null) return [];
  if (step === "*") return Object.values(value);
  if ("index" in step) {
    const child = isList(value) ? value[step.index] : undefined;
    return child === undefined ? [] : [child];
  }
  // `Object.hasOwn`: a path may ask for `__proto__` or `constructor`, which are names like any other.
  const child = !isList(value) && Object.hasOwn(value, step.key) ? value[step.key] : undefined;
  return child === undefined ? [] : [child];
}

function isList(value: readonly Json[] | JsonObject): value is readonly Json[] {
  return Array.isArray(value);
}
