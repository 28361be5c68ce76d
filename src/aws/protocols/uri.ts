/** URI templates of the REST protocols: `/2015-03-31/functions/{FunctionName}/invocations?x=y`, `/{Bucket}/{Key+}?acl`. */
import type { OperationModel } from "../shapes.ts";
import { encodeFormValue } from "./form.ts";
import { Malformed } from "./scalars.ts";

export interface UriTemplate {
  readonly segments: readonly Segment[];
  /** What the query string must hold; undefined where the name alone is enough. */
  readonly literals: readonly (readonly [name: string, value: string | undefined])[];
}

/** Ordered as they win: a literal over a label over a greedy label, which takes several segments. */
type Segment =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "label"; readonly text: string }
  | { readonly kind: "greedy"; readonly text: string };

const RANK = { literal: 0, label: 1, greedy: 2 } as const;

const templates = new WeakMap<OperationModel, UriTemplate>();

/** An operation's template, taken apart once. */
export function templateOf(operation: OperationModel): UriTemplate {
  const known = templates.get(operation) ?? parseTemplate(operation.http.uri);
  templates.set(operation, known);
  return known;
}

function parseTemplate(uri: string): UriTemplate {
  const [path = "", query] = uri.split("?");
  return {
    segments: path.slice(1).split("/").map(parseSegment),
    literals: query === undefined ? [] : splitQuery(query),
  };
}

function parseSegment(text: string): Segment {
  const [, name, plus] = /^\{([^}+]+)(\+?)\}$/.exec(text) ?? [];
  if (name === undefined) return { kind: "literal", text };
  return { kind: plus === "" ? "label" : "greedy", text: name };
}

/** Names and values of a query string, still encoded; the value is undefined where no `=` stands. */
function splitQuery(query: string): [string, string | undefined][] {
  return query.split("&").map((pair) => {
    const equals = pair.indexOf("=");
    return equals < 0 ? [pair, undefined] : [pair.slice(0, equals), pair.slice(equals + 1)];
  });
}

/** Negative when the first template is the more specific one, and so has to be tried first. */
export function bySpecificity(one: UriTemplate, other: UriTemplate): number {
  for (const [index, segment] of one.segments.entries()) {
    const against = other.segments[index];
    if (against === undefined) return -1;
    if (segment.kind !== against.kind) return RANK[segment.kind] - RANK[against.kind];
  }
  return other.segments.length - one.segments.length || other.literals.length - one.literals.length;
}

/**
 * The labels of a path that fits the template, still encoded, or undefined when it does not fit. Paths are taken as sent:
 * an encoded slash is part of its segment, and a trailing slash counts.
 */
export function matchPath({ segments }: UriTemplate, path: string): ReadonlyMap<string, string> | undefined {
  const parts = path.slice(1).split("/");
  const surplus = parts.length - segments.length;
  if (surplus < 0) return undefined;
  const labels = new Map<string, string>();
  let at = 0;
  for (const { kind, text } of segments) {
    const taken = parts.slice(at, at + (kind === "greedy" ? surplus + 1 : 1)).join("/");
    if (kind === "literal" ? taken !== text : taken === "") return undefined;
    if (kind !== "literal") labels.set(text, taken);
    at += kind === "greedy" ? surplus + 1 : 1;
  }
  return at === parts.length ? labels : undefined;
}

/** Decoded query parameters in the order they came, without those of a presigned URL's signature. */
export function readQuery(query: string): [name: string, value: string][] {
  if (query === "") return [];
  return splitQuery(query)
    .filter(([name]) => name !== "" && !name.startsWith("X-Amz-"))
    .map(([name, value]) => [decodeUri(name, true), decodeUri(value ?? "", true)]);
}

export function hasLiterals({ literals }: UriTemplate, query: string): boolean {
  if (literals.length === 0) return true;
  const pairs = query === "" ? [] : splitQuery(query);
  return literals.every(([name, value]) =>
    pairs.some(([givenName, given]) => givenName === name && (value === undefined || given === value)),
  );
}

export function decodeUri(text: string, plusIsSpace: boolean): string {
  try {
    return decodeURIComponent(plusIsSpace ? text.replaceAll("+", " ") : text);
  } catch (cause) {
    if (cause instanceof URIError) throw new Malformed("The URI is not percent-encoded UTF-8");
    throw cause;
  }
}

/** The path with its labels filled in. A greedy label keeps its slashes. */
export function writePath({ segments }: UriTemplate, labels: ReadonlyMap<string, string>): string {
  const parts = segments.map(({ kind, text }) => {
    if (kind === "literal") return text;
    const encoded = encodeFormValue(labels.get(text) ?? "");
    return kind === "greedy" ? encoded.replaceAll("%2F", "/") : encoded;
  });
  return `/${parts.join("/")}`;
}

/** The literals of the template, then the pairs, encoded. */
export function writeQuery({ literals }: UriTemplate, pairs: readonly (readonly [string, string])[]): string {
  const constant = literals.map(([name, value]) => (value === undefined ? name : `${name}=${value}`));
  return [...constant, ...pairs.map(([name, value]) => `${encodeFormValue(name)}=${encodeFormValue(value)}`)].join("&");
}
