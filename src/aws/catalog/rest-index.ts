/** Finds the operation of the REST protocols that a request asks for, among those of one or several services. */
import type { Entry } from "./entry.ts";
import { isRemark } from "./query-view.ts";
import type { RestQuestion } from "./question.ts";
import type { RestRoute } from "./rest-route.ts";

/** Longer paths name no operation. Keys of S3 have 1,024 bytes, three characters each when encoded. */
const PATH_MAX = 16_384;

/** All templates that have begun with the same segments. */
interface Node {
  readonly literals: Map<string, Node>;
  label?: Node;
  /** Templates that go on with a greedy label and perhaps literals after it. */
  readonly greedy: GreedyTail[];
  /** Templates that end here, by method. */
  readonly routes: Map<string, RestRoute[]>;
}

interface GreedyTail {
  readonly route: RestRoute;
  readonly suffix: readonly string[];
}

/**
 * A tree of path segments. Where several templates fit, a literal wins over a label and a label over a greedy label, from
 * left to right; then `chooseRoute` decides.
 */
export class RestIndex {
  readonly #root = newNode();

  /** Of operations that nothing tells apart the first is taken. */
  constructor(entries: readonly Entry[]) {
    for (const entry of entries) for (const route of entry.routes()) this.#add(route);
  }

  #add(route: RestRoute): void {
    let node = this.#root;
    for (const [index, segment] of route.segments.entries()) {
      if (segment === "{+}") {
        node.greedy.push({ route, suffix: route.segments.slice(index + 1) });
        return;
      }
      node = segment === "{}" ? (node.label ??= newNode()) : literalChild(node, segment);
    }
    const routes = node.routes.get(route.method) ?? [];
    node.routes.set(route.method, routes);
    routes.push(route);
  }

  find(question: RestQuestion): RestRoute | undefined {
    if (question.path.length > PATH_MAX) return undefined;
    const segments = withPlainLetters(question.path).slice(1).split("/");
    const slash = segments.length > 0 && segments.at(-1) === "";
    if (slash) segments.pop();
    return descend(this.#root, segments, 0, slash, question);
  }
}

function newNode(): Node {
  return { literals: new Map(), greedy: [], routes: new Map() };
}

function literalChild(node: Node, segment: string): Node {
  const known = node.literals.get(segment) ?? newNode();
  node.literals.set(segment, known);
  return known;
}

/** The depth is that of the tree, however many segments are sent. */
function descend(
  node: Node,
  segments: readonly string[],
  at: number,
  slash: boolean,
  question: RestQuestion,
): RestRoute | undefined {
  const segment = segments[at];
  if (segment === undefined) return chooseRoute(node.routes.get(question.method) ?? [], slash, question);
  const literal = node.literals.get(segment);
  const byLiteral = literal && descend(literal, segments, at + 1, slash, question);
  if (byLiteral !== undefined) return byLiteral;
  const byLabel = node.label && segment !== "" && descend(node.label, segments, at + 1, slash, question);
  if (byLabel) return byLabel;
  return node.greedy.length === 0 ? undefined : chooseGreedy(node.greedy, segments, at, slash, question);
}

/** Of greedy labels, the one with the most literals after it. */
function chooseGreedy(
  tails: readonly GreedyTail[],
  segments: readonly string[],
  at: number,
  slash: boolean,
  question: RestQuestion,
): RestRoute | undefined {
  let fitting: RestRoute[] = [];
  let longest = 0;
  for (const { route, suffix } of tails) {
    if (route.method !== question.method || suffix.length < longest || !endsIn(segments, at, suffix)) continue;
    if (suffix.length > longest) fitting = [];
    longest = suffix.length;
    fitting.push(route);
  }
  return chooseRoute(fitting, slash, question);
}

function endsIn(segments: readonly string[], at: number, suffix: readonly string[]): boolean {
  const from = segments.length - suffix.length;
  return from > at && suffix.every((literal, index) => segments[from + index] === literal);
}

/** Letters, digits, `-._~` mean the same encoded: a server that decodes first would find the operation nevertheless. */
function withPlainLetters(path: string): string {
  if (!path.includes("%")) return path;
  return path.replace(/%(?:2[DE]|3\d|4[1-9A-F]|5[\dAF]|6[1-9A-F]|7[\dAE])/gi, (encoded) => decodeURIComponent(encoded));
}

/**
 * Of templates that fit the path, the one to take: it ends in a slash as the path does; has the most literals in its query;
 * then the most of its required parameters and headers were sent, though none must be: what lacks one is refused by the
 * service, and still was that operation.
 */
function chooseRoute(routes: readonly RestRoute[], slash: boolean, question: RestQuestion): RestRoute | undefined {
  let best: RestRoute | undefined;
  let bestRank = Number.NEGATIVE_INFINITY;
  for (const route of routes) {
    if (!fits(route, question)) continue;
    const rank = (route.slash === slash ? 1e6 : 0) + route.literals.length * 1e4 + rankOfNeeded(route, question);
    if (rank > bestRank) [best, bestRank] = [route, rank];
  }
  return best;
}

function fits({ literals, parameters, tells }: RestRoute, { query }: RestQuestion): boolean {
  for (const [name, value] of literals) {
    const given = query.get(name);
    if (given === undefined || (value !== undefined && given !== value)) return false;
  }
  if (query.size === 0 || parameters === undefined) return true;
  for (const [name, value] of query) {
    if (parameters.has(name)) continue;
    if (tells.names.has(name) || (tells.bare && value === "" && !isRemark(name))) return false;
  }
  return true;
}

/** What was sent counts most; of two operations of which nothing was sent, the one that needs less. */
function rankOfNeeded({ neededQuery, neededHeaders }: RestRoute, { query, headers }: RestQuestion): number {
  let sent = 0;
  for (const name of neededQuery) if (query.has(name)) sent += 1;
  for (const name of neededHeaders) if (headers[name] !== undefined) sent += 1;
  return sent * 101 - neededQuery.length - neededHeaders.length;
}
