import type { ValueMatcher } from "./event-pattern.ts";
import type { Scalar } from "./leaves.ts";
import { foldCase } from "./match-value.ts";

export type LookupKind =
  | "equal"
  | "start"
  | "end"
  | "equal, ignoring case"
  | "start, ignoring case"
  | "end, ignoring case";

/** Where a matcher is found without asking it: the values it wants have this text, or begin or end with it. */
export interface LookupPlace {
  readonly kind: LookupKind;
  readonly text: Scalar;
  /** Every value that is looked up there is wanted; otherwise the matcher has to be asked as well. */
  readonly exact: boolean;
}

/** Nothing for matchers that can only be asked. */
export function placeOf(matcher: ValueMatcher): LookupPlace | undefined {
  switch (matcher.kind) {
    case "equals":
      return { kind: "equal", text: matcher.value, exact: true };
    case "equals-ignore-case":
      return { kind: "equal, ignoring case", text: foldCase(matcher.value), exact: true };
    case "prefix":
      return affixPlace("start", matcher.value, matcher.ignoreCase);
    case "suffix":
      return affixPlace("end", matcher.value, matcher.ignoreCase);
    case "wildcard":
      return wildcardPlace(matcher.parts);
    case "anything-but":
    case "cidr":
    case "exists":
    case "numeric":
      return undefined;
  }
}

function affixPlace(kind: "start" | "end", text: string, ignoreCase: boolean): LookupPlace {
  if (!ignoreCase) return { kind, text, exact: true };
  return { kind: `${kind}, ignoring case`, text: foldCase(text), exact: true };
}

function wildcardPlace(parts: readonly string[]): LookupPlace | undefined {
  const [first = ""] = parts;
  const last = parts.at(-1) ?? "";
  if (parts.length === 1) return { kind: "equal", text: first, exact: true };
  if (first !== "") return { kind: "start", text: first, exact: false };
  return last === "" ? undefined : { kind: "end", text: last, exact: false };
}

/** Items by a text that values equal, begin or end with. */
export class LookupTable<Item> {
  readonly #part: "equal" | "start" | "end";
  readonly #ignoresCase: boolean;
  readonly #items = new Map<Scalar, Item[]>();
  /** How long the texts are, shortest first, and how many have this length. */
  #lengths: (readonly [length: number, texts: number])[] = [];

  constructor(kind: LookupKind) {
    this.#part = kind.startsWith("equal") ? "equal" : kind.startsWith("start") ? "start" : "end";
    this.#ignoresCase = kind.endsWith("ignoring case");
  }

  /** Different texts. */
  get size(): number {
    return this.#items.size;
  }

  add(text: Scalar, item: Item): void {
    const items = this.#items.get(text);
    if (items !== undefined) {
      items.push(item);
      return;
    }
    this.#items.set(text, [item]);
    this.#countLength(text, 1);
  }

  delete(text: Scalar, item: Item): void {
    const items = this.#items.get(text) ?? [];
    items.splice(items.indexOf(item), 1);
    if (items.length > 0) return;
    this.#items.delete(text);
    this.#countLength(text, -1);
  }

  /** Calls `open` with what belongs to the value. */
  find(value: Scalar, open: (items: readonly Item[]) => void): void {
    if (this.#part === "equal" && !this.#ignoresCase) {
      const items = this.#items.get(value);
      if (items !== undefined) open(items);
    } else if (typeof value === "string") {
      this.#findText(this.#ignoresCase ? foldCase(value) : value, open);
    }
  }

  #findText(text: string, open: (items: readonly Item[]) => void): void {
    for (const [length] of this.#lengths) {
      if (length > text.length) return;
      const part = this.#part === "end" ? text.slice(text.length - length) : text.slice(0, length);
      const items = this.#part === "equal" && length !== text.length ? undefined : this.#items.get(part);
      if (items !== undefined) open(items);
    }
  }

  #countLength(text: Scalar, change: number): void {
    if (typeof text !== "string") return;
    const counts = new Map(this.#lengths);
    const count = (counts.get(text.length) ?? 0) + change;
    if (count === 0) counts.delete(text.length);
    else counts.set(text.length, count);
    this.#lengths = [...counts].sort(([a], [b]) => a - b);
  }
}
