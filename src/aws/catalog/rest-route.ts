/** Operations of the REST protocols, as the table has them. */
import type { Entry } from "./entry.ts";

export interface RestRoute {
  readonly entry: Entry;
  readonly name: string;
  readonly method: string;
  /** Literals as they are; `{}` is a label, `{+}` one that takes several segments. Without the empty last one. */
  readonly segments: readonly string[];
  /** Whether the template ends in a slash. */
  readonly slash: boolean;
  /** What the query string must hold; undefined where the name alone is enough. */
  readonly literals: readonly (readonly [name: string, value: string | undefined])[];
  readonly neededQuery: readonly string[];
  readonly neededHeaders: readonly string[];
  /** Every query parameter that the operation has, or undefined when it has any. */
  readonly parameters: ReadonlySet<string> | undefined;
  readonly tells: Tells;
}

/** How a service tells operations of the same method and path apart. */
export interface Tells {
  /** Query parameters that stand in some operation's template: one that is sent must belong to the operation. */
  readonly names: ReadonlySet<string>;
  /** True when a bare name (`?acl`) is an operation's mark: then one that nobody knows belongs to an unknown operation. */
  readonly bare: boolean;
}

/** Required parameters that no template has, but by which the service tells operations apart as if one had. */
const MARKS: Readonly<Record<string, readonly string[]>> = { s3: ["uploadId"] };

export function parseRestLines(entry: Entry, lines: readonly string[]): readonly RestRoute[] {
  const names = new Set<string>();
  const tells = { names, bare: lines.some((line) => line.split(" ")[2]?.split("?")[1]?.split("&").some(isBare)) };
  return lines.map((line) => {
    const route = parseRestLine(entry, line, tells);
    for (const [name] of route.literals) names.add(name);
    return route;
  });
}

function isBare(literal: string): boolean {
  return !literal.includes("=");
}

function parseRestLine(entry: Entry, line: string, tells: Tells): RestRoute {
  const [name = "", method = "", uri = "", needs = "", takes = ""] = line.split(" ");
  const [path = "", query = ""] = uri.split("?");
  const segments = path.slice(1).split("/");
  const slash = segments.at(-1) === "";
  const needed = splitList(needs, ",");
  const neededQuery = needed.filter((member) => !member.startsWith(":"));
  const marks = MARKS[entry.service.id] ?? [];
  const literals = [...splitList(query, "&"), ...neededQuery.filter((member) => marks.includes(member))].map(
    splitLiteral,
  );
  const taken = splitList(takes, ",");
  return {
    entry,
    name,
    method,
    segments: slash ? segments.slice(0, -1) : segments,
    slash,
    literals,
    neededQuery,
    neededHeaders: needed.filter((member) => member.startsWith(":")).map((member) => member.slice(1)),
    parameters: taken.includes("*") ? undefined : new Set([...neededQuery, ...taken, ...literals.map(([key]) => key)]),
    tells,
  };
}

function splitLiteral(literal: string): readonly [name: string, value: string | undefined] {
  const [name = "", value] = literal.split("=");
  return [name, value];
}

function splitList(text: string, separator: string): readonly string[] {
  return text === "" ? [] : text.split(separator);
}
