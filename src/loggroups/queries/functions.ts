import { isIP, isIPv4, isIPv6, BlockList } from "node:net";
import { Instant, jsonText, numberOf, textOf, type Value, valueOfJson } from "./values.ts";

/** A function of the query language: how many arguments it takes, and what it makes of them. */
export interface QueryFunction {
  readonly min: number;
  readonly max: number;
  run(args: readonly Value[]): Value;
}

/** Characters that one text may grow to. */
const TEXT_MAX = 1_000_000;

function onNumbers(min: number, max: number, run: (...numbers: number[]) => number): QueryFunction {
  return {
    min,
    max,
    run: (args) => {
      const numbers = args.map(numberOf).filter((number) => number !== undefined);
      const result = numbers.length < min ? Number.NaN : run(...numbers);
      return Number.isFinite(result) ? result : undefined;
    },
  };
}

/** Nothing in, nothing out. */
function onTexts(min: number, max: number, run: (text: string, ...more: string[]) => Value): QueryFunction {
  return {
    min,
    max,
    run: (args) => {
      const texts = args.map(textOf);
      return texts.every((text) => text !== undefined) ? run(texts[0] ?? "", ...texts.slice(1)) : undefined;
    },
  };
}

function onAddress(test: (text: string) => boolean): QueryFunction {
  return { min: 1, max: 1, run: ([text]) => test(textOf(text) ?? "") };
}

function onSubnet(test: (text: string) => boolean): QueryFunction {
  return onTexts(2, 2, (address, subnet = "") => test(address) && inSubnet(address, subnet));
}

const ANY = Number.POSITIVE_INFINITY;

/** By name in lower case. What depends on time (`bin`, `datefloor`, `now`) and conditions (`if`) are of the grammar. */
export const FUNCTIONS: ReadonlyMap<string, QueryFunction> = new Map<string, QueryFunction>([
  ["abs", onNumbers(1, 1, Math.abs)],
  ["ceil", onNumbers(1, 1, Math.ceil)],
  ["floor", onNumbers(1, 1, Math.floor)],
  ["log", onNumbers(1, 1, Math.log)],
  ["sqrt", onNumbers(1, 1, Math.sqrt)],
  ["greatest", onNumbers(1, ANY, Math.max)],
  ["least", onNumbers(1, ANY, Math.min)],

  ["ispresent", { min: 1, max: 1, run: ([value]) => value !== undefined }],
  ["coalesce", { min: 1, max: ANY, run: (args) => args.find((value) => value !== undefined) }],

  ["strlen", onTexts(1, 1, lengthOf)],
  ["toupper", onTexts(1, 1, (text) => text.toUpperCase())],
  ["tolower", onTexts(1, 1, (text) => text.toLowerCase())],
  ["trim", onTexts(1, 2, (text, chars) => trimEnd(trimStart(text, chars), chars))],
  ["ltrim", onTexts(1, 2, trimStart)],
  ["rtrim", onTexts(1, 2, trimEnd)],
  [
    "substr",
    { min: 2, max: 3, run: ([text, start, length]) => substr(textOf(text), numberOf(start), numberOf(length)) },
  ],
  ["replace", onTexts(3, 3, replaceAll)],
  ["strcontains", onTexts(2, 2, (text, part = "") => text.includes(part))],
  ["concat", { min: 1, max: ANY, run: concat }],
  ["isempty", { min: 1, max: 1, run: ([value]) => (textOf(value) ?? "") === "" }],
  ["isblank", { min: 1, max: 1, run: ([value]) => (textOf(value) ?? "").trim() === "" }],

  ["frommillis", { min: 1, max: 1, run: ([value]) => instantOf(value) }],
  ["tomillis", { min: 1, max: 1, run: ([value]) => numberOf(value) }],

  ["isvalidip", onAddress((text) => isIP(text) !== 0)],
  ["isvalidipv4", onAddress(isIPv4)],
  ["isvalidipv6", onAddress(isIPv6)],
  ["isipinsubnet", onSubnet((text) => isIP(text) !== 0)],
  ["isipv4insubnet", onSubnet(isIPv4)],
  ["isipv6insubnet", onSubnet(isIPv6)],

  ["jsonparse", onTexts(1, 1, parseJson)],
  ["jsonstringify", { min: 1, max: 1, run: ([value]) => stringify(value) }],
]);

function instantOf(value: Value): Value {
  const ms = numberOf(value);
  return ms === undefined ? undefined : new Instant(ms);
}

/** In characters, which may be two units of UTF-16. */
function lengthOf(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

function substr(text: string | undefined, start = 0, length = ANY): Value {
  const from = Math.max(0, Math.trunc(start));
  return text?.slice(from, from + Math.max(0, Math.trunc(length)));
}

/** Undefined where the text would grow past all measure. */
function replaceAll(text: string, search = "", replacement = ""): Value {
  if (search === "") return text;
  const pieces = text.split(search);
  return text.length + pieces.length * replacement.length > TEXT_MAX ? undefined : pieces.join(replacement);
}

function concat(args: readonly Value[]): Value {
  const texts = args.map((value) => textOf(value) ?? "");
  return texts.reduce((sum, text) => sum + text.length, 0) > TEXT_MAX ? undefined : texts.join("");
}

function trimStart(text: string, chars?: string): string {
  if (chars === undefined) return text.trimStart();
  let at = 0;
  while (at < text.length && chars.includes(text[at] ?? "")) at++;
  return text.slice(at);
}

function trimEnd(text: string, chars?: string): string {
  if (chars === undefined) return text.trimEnd();
  let end = text.length;
  while (end > 0 && chars.includes(text[end - 1] ?? "")) end--;
  return text.slice(0, end);
}

function parseJson(text: string): Value {
  try {
    return valueOfJson(JSON.parse(text));
  } catch {
    return undefined; // what is no JSON has no value, as anything else that is not there
  }
}

function stringify(value: Value): Value {
  if (typeof value === "object" && !(value instanceof Instant)) return jsonText(value.json);
  return value instanceof Instant ? textOf(value) : JSON.stringify(value);
}

/** The last subnets that were asked for; a query asks for the same ones again and again. */
const subnets = new Map<string, BlockList | undefined>();
const SUBNETS_MAX = 100;

function inSubnet(address: string, subnet: string): boolean {
  if (!subnets.has(subnet)) {
    if (subnets.size >= SUBNETS_MAX) subnets.clear();
    subnets.set(subnet, subnetOf(subnet));
  }
  return subnets.get(subnet)?.check(address, isIPv4(address) ? "ipv4" : "ipv6") ?? false;
}

function subnetOf(text: string): BlockList | undefined {
  const [, network = "", bits = ""] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const family = isIPv4(network) ? "ipv4" : isIPv6(network) ? "ipv6" : undefined;
  if (family === undefined || Number(bits) > (family === "ipv4" ? 32 : 128)) return undefined;
  const list = new BlockList();
  list.addSubnet(network, Number(bits), family);
  return list;
}
