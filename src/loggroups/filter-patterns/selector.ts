import type { Scalar } from "./comparison.ts";
import { invalidPattern, invalidTerm } from "./refusals.ts";
import type { Scanner } from "./scanner.ts";

type Part =
  | { readonly kind: "field"; readonly name: string }
  | { readonly kind: "index"; readonly index: number }
  | Every;
/** `.*` or `[*]`. */
interface Every {
  readonly kind: "everyField" | "everyItem";
}

/** `$.userIdentity.type`, `$.resources[0].arn`, `$.items[*]`, `$.['a.b']`: a place in a JSON object. */
export interface Selector {
  /** As it was written. */
  readonly text: string;
  readonly parts: readonly Part[];
  readonly wild: boolean;
}

/** @throws {Refusal} `InvalidParameterException` for what is no selector, or has two wildcards. */
export function parseSelector(scanner: Scanner): Selector {
  if (scanner.match(/\$/y) === undefined) throw scanner.refusal();
  const start = scanner.offset - 1;
  const parts: Part[] = [];
  for (let part = nextPart(scanner); part !== undefined; part = nextPart(scanner)) parts.push(part);
  const wildcards = parts.filter(({ kind }) => kind === "everyField" || kind === "everyItem").length;
  if (parts.length === 0) throw invalidTerm(`$${scanner.matchHere(/\.?\S?/y) ?? ""}`);
  const text = scanner.text.slice(start, scanner.offset);
  if (wildcards > 1) throw invalidPattern(`${text} has more than one wildcard`);
  return { text, parts, wild: wildcards > 0 };
}

function nextPart(scanner: Scanner): Part | undefined {
  if (scanner.matchHere(/\.\*/y) !== undefined) return { kind: "everyField" };
  if (scanner.matchHere(/\[\*\]/y) !== undefined) return { kind: "everyItem" };
  const index = scanner.matchHere(/\[\d{1,9}\]/y);
  if (index !== undefined) return { kind: "index", index: Number(index.slice(1, -1)) };
  const quoted = scanner.matchHere(/\.?\['[^']+'\]/y) ?? scanner.matchHere(/\.?\["[^"]+"\]/y);
  if (quoted !== undefined) return { kind: "field", name: quoted.slice(quoted.indexOf("[") + 2, -2) };
  const name = scanner.matchHere(/\.[A-Za-z0-9_-]+/y);
  return name === undefined ? undefined : { kind: "field", name: name.slice(1) };
}

/** What stands there: several values for a wildcard, none when nothing does. */
export function select(selector: Selector, event: unknown): readonly unknown[] {
  let values: readonly unknown[] = [event];
  for (const part of selector.parts) {
    values = values.flatMap((value) => step(part, value));
    if (values.length === 0) break;
  }
  return values;
}

/** The first value as text, unless it is a list, an object or null. */
export function selectText(selector: Selector, event: unknown): string | undefined {
  const found = select(selector, event).find((value) => isScalar(value) && value !== null);
  return found === undefined ? undefined : String(found);
}

export function isScalar(value: unknown): value is Scalar {
  return typeof value !== "object" || value === null;
}

function step(part: Part, value: unknown): readonly unknown[] {
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    if (part.kind === "everyItem") return items;
    return part.kind === "index" && part.index < items.length ? [items[part.index]] : [];
  }
  if (part.kind === "everyField") return Object.values(value);
  if (part.kind !== "field" || !Object.hasOwn(value, part.name)) return [];
  return [(value as Readonly<Record<string, unknown>>)[part.name]];
}
