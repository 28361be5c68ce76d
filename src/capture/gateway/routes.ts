import { reason } from "../../core/index.ts";
import { identityOfArn } from "../identities/identity-of-arn.ts";
import type { AuditMode } from "./audit-mode.ts";

/** Where calls go, which of them, and what is promised about their records. */
export interface Route {
  /** What coverage and records call it. */
  readonly name: string;
  readonly match: RouteMatch;
  /** Calls to these paths are forwarded and counted, but are no calls of an AWS API: they leave no record. */
  readonly excludedPaths: readonly TextPattern[];
  readonly upstream: URL;
  /**
   * `passthrough`: the upstream checks who calls. `enforce`: OpenTrail checks signature and policies and signs anew with
   * the route's credentials.
   */
  readonly mode: "passthrough" | "enforce";
  readonly audit: AuditMode;
  /** Signing name or id of the service that a request is meant for that names none itself. */
  readonly defaultService?: string;
  /** Owner of what is behind the route; the default account otherwise. */
  readonly account?: string;
  /** Region of calls that name none. */
  readonly region?: string;
  readonly credentials?: RouteCredentials;
  readonly tls: UpstreamTls;
  /** Until the upstream accepts a connection. */
  readonly connectMs: number;
  /** Until the upstream begins its answer. */
  readonly answerMs: number;
  /** Connections to the upstream at once; further calls wait for one. */
  readonly connectionsMax: number;
  /** Access keys of the upstream whose holders are known: key id to ARN. */
  readonly identities: ReadonlyMap<string, string>;
  /** Whose keys these are. Routes of one realm share what is learned of their callers; of itself each server is one. */
  readonly realm: string;
  /** Whether answers of the upstream are believed in what they say of keys and users. */
  readonly learns: boolean;
}

/** Empty lists match everything; otherwise one of each list must fit. */
export interface RouteMatch {
  readonly services: readonly string[];
  readonly regions: readonly string[];
  readonly accounts: readonly string[];
  readonly hosts: readonly TextPattern[];
  readonly paths: readonly TextPattern[];
}

/** Text in which `*` stands for anything. */
export interface TextPattern {
  readonly text: string;
  readonly matches: (value: string) => boolean;
}

/** A shared-credentials file and profile, or the keys themselves. */
export type RouteCredentials =
  | { readonly file: string; readonly profile: string }
  | { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string };

/** Paths of PEM files, and the name that the upstream's certificate must bear. */
export interface UpstreamTls {
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly serverName?: string;
  readonly verify: boolean;
}

/** What a request tells before its body, for choosing a route. */
export interface RouteFacts {
  /** Names that the service goes by: that of the signature's scope, its id in the catalog. */
  readonly services: readonly string[];
  readonly region: string | undefined;
  readonly account: string | undefined;
  /** Lower case, without the port. */
  readonly host: string;
  readonly path: string;
  /** OpenTrail serves it itself, unless a route asks for it by name. */
  readonly own: boolean;
}

/**
 * The first route that fits. Services of OpenTrail's own go to a route only when it names them: nobody shall lose the
 * audit log's own API to a default route.
 */
export function chooseRoute(routes: readonly Route[], facts: RouteFacts): Route | undefined {
  return routes.find(({ match }) => (!facts.own || match.services.length > 0) && fits(match, facts));
}

function fits(match: RouteMatch, facts: RouteFacts): boolean {
  return (
    oneOf(match.services, facts.services) &&
    oneOf(match.regions, facts.region === undefined ? [] : [facts.region]) &&
    oneOf(match.accounts, facts.account === undefined ? [] : [facts.account]) &&
    (match.hosts.length === 0 || match.hosts.some(({ matches }) => matches(facts.host))) &&
    (match.paths.length === 0 || match.paths.some(({ matches }) => matches(facts.path)))
  );
}

function oneOf(asked: readonly string[], given: readonly string[]): boolean {
  return asked.length === 0 || given.some((name) => asked.includes(name));
}

/** The route that `opentrail up --upstream URL` stands for. @throws {Error} when it is no URL of a server. */
export function defaultRoute(url: string): Route {
  return parseRoute({ name: "default", upstream: url }, 0);
}

/**
 * Reads the `routes` of opentrail.yaml.
 * @throws {Error} that names the route, the member, and what it may be.
 */
export function parseRoutes(node: unknown): readonly Route[] {
  if (node === undefined || node === null) return [];
  if (!Array.isArray(node)) throw new Error("routes is not a list");
  const routes = node.map(parseRoute);
  const twice = routes.find(({ name }, index) => routes.findIndex((other) => other.name === name) !== index);
  if (twice !== undefined) throw new Error(`two routes are called ${twice.name}`);
  return routes;
}

function parseRoute(node: unknown, index: number): Route {
  try {
    return new RouteReader(node).route(index);
  } catch (cause) {
    const name = isMap(node) && typeof node["name"] === "string" ? node["name"] : `number ${index + 1}`;
    throw new Error(`route ${name}: ${reason(cause)}`, { cause });
  }
}

type Node = Readonly<Record<string, unknown>>;

const ROUTE_MEMBERS = [
  "name",
  "match",
  "exclude",
  "upstream",
  "mode",
  "audit",
  "defaultService",
  "account",
  "region",
  "credentials",
  "tls",
  "timeouts",
  "connections",
  "identities",
  "realm",
  "learn",
];

class RouteReader {
  readonly #node: Node;

  constructor(node: unknown) {
    this.#node = mapOf(node, "the route", ROUTE_MEMBERS);
  }

  route(index: number): Route {
    const mode = this.#choice("mode", ["passthrough", "enforce"] as const);
    const credentials = this.#credentials();
    if (mode === "enforce" && credentials === undefined) {
      throw new Error("mode enforce needs credentials, with which OpenTrail signs for the upstream");
    }
    const timeouts = mapOf(this.#node["timeouts"] ?? {}, "timeouts", ["connectSeconds", "answerSeconds"]);
    const upstream = upstreamUrl(this.#node["upstream"]);
    return {
      name: textOf(this.#node["name"] ?? `route-${index + 1}`, "name", /^[A-Za-z0-9._-]{1,64}$/),
      match: this.#match(),
      excludedPaths: patterns(this.#node["exclude"], "exclude"),
      upstream,
      mode,
      audit: this.#choice("audit", ["required", "spool", "best-effort"] as const),
      ...this.#optional("defaultService", /^[a-z0-9-]{1,64}$/),
      ...this.#optional("account", /^\d{12}$/),
      ...this.#optional("region", /^[a-z0-9-]{1,64}$/),
      ...(credentials === undefined ? {} : { credentials }),
      tls: this.#tls(),
      connectMs: seconds(timeouts, "connectSeconds", 5),
      // The longest that a call of AWS takes: a synchronous Lambda invocation.
      answerMs: seconds(timeouts, "answerSeconds", 900),
      connectionsMax: wholeNumber(this.#node["connections"] ?? 256, "connections"),
      identities: this.#identities(),
      // An origin is no such name.
      realm: this.#optional("realm", /^[A-Za-z0-9._-]{1,64}$/).realm ?? upstream.origin,
      learns: booleanOf(this.#node["learn"] ?? true, "learn"),
    };
  }

  #match(): RouteMatch {
    const match = mapOf(this.#node["match"] ?? {}, "match", ["service", "region", "account", "host", "path"]);
    return {
      services: texts(match["service"], "match.service"),
      regions: texts(match["region"], "match.region"),
      accounts: texts(match["account"], "match.account"),
      hosts: patterns(match["host"], "match.host"),
      paths: patterns(match["path"], "match.path"),
    };
  }

  #choice<Name extends string>(member: string, choices: readonly [Name, ...Name[]]): Name {
    const value = this.#node[member] ?? choices[0];
    const found = choices.find((choice) => choice === value);
    if (found === undefined) throw new Error(`${member} is none of ${choices.join(", ")}`);
    return found;
  }

  #optional<Member extends string>(member: Member, rule: RegExp): { [Name in Member]?: string } {
    const value = this.#node[member];
    if (value === undefined) return {};
    return { [member]: textOf(value, member, rule) } as { [Name in Member]?: string };
  }

  #credentials(): RouteCredentials | undefined {
    const node = this.#node["credentials"];
    if (node === undefined) return undefined;
    const members = ["file", "profile", "accessKeyId", "secretAccessKey", "sessionToken"];
    const map = mapOf(node, "credentials", members);
    if (map["file"] !== undefined) {
      return { file: textOf(map["file"], "credentials.file"), profile: textOf(map["profile"] ?? "default", "profile") };
    }
    const token = map["sessionToken"];
    return {
      accessKeyId: textOf(map["accessKeyId"], "credentials.accessKeyId"),
      secretAccessKey: textOf(map["secretAccessKey"], "credentials.secretAccessKey"),
      ...(token === undefined ? {} : { sessionToken: textOf(token, "credentials.sessionToken") }),
    };
  }

  #tls(): UpstreamTls {
    const map = mapOf(this.#node["tls"] ?? {}, "tls", ["ca", "certificate", "key", "serverName", "verify"]);
    const verify = booleanOf(map["verify"] ?? true, "tls.verify");
    const given = ["ca", "certificate", "key", "serverName"].filter((member) => map[member] !== undefined);
    return { ...Object.fromEntries(given.map((member) => [member, textOf(map[member], `tls.${member}`)])), verify };
  }

  #identities(): ReadonlyMap<string, string> {
    const map = mapOf(this.#node["identities"] ?? {}, "identities");
    return new Map(Object.entries(map).map(([key, value]) => [key, callerArn(value, `identities.${key}`)]));
  }
}

function callerArn(node: unknown, where: string): string {
  const arn = textOf(node, where);
  if (arn.length <= 1024 && /^arn:[a-z-]+:(iam|sts)::\d{12}:/.test(arn) && identityOfArn(arn) !== undefined) return arn;
  throw new Error(`${where} ${arn} is no ARN of a user, an account's root, an assumed role or a federated user`);
}

function upstreamUrl(node: unknown): URL {
  const text = textOf(node, "upstream");
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new Error(`upstream ${text} is no URL such as http://127.0.0.1:9000`);
  }
  if (url.pathname !== "/" || url.search !== "" || url.username !== "") {
    throw new Error(`upstream ${text} says more than scheme, host and port: requests go there as they came`);
  }
  return url;
}

/** A pattern as people write hosts and paths: `*` stands for anything, also nothing. Case counts. */
export function textPattern(text: string): TextPattern {
  const parts = text.split("*");
  const [first = "", ...rest] = parts;
  const last = rest.pop();
  const matches = (value: string): boolean => {
    if (last === undefined) return value === text;
    if (!value.startsWith(first) || value.length < first.length + last.length || !value.endsWith(last)) return false;
    // Each middle part at its first place after the one before: no backtracking, whatever the text.
    let from = first.length;
    for (const part of rest) {
      const at = value.indexOf(part, from);
      if (at < 0) return false;
      from = at + part.length;
    }
    return from <= value.length - last.length;
  };
  return { text, matches };
}

function patterns(node: unknown, where: string): readonly TextPattern[] {
  return texts(node, where).map(textPattern);
}

/** One text or a list of them; YAML reads account ids and the like as numbers, whose leading zeros would be lost. */
function texts(node: unknown, where: string): readonly string[] {
  if (node === undefined || node === null) return [];
  return (Array.isArray(node) ? node : [node]).map((item) => textOf(item, where));
}

function textOf(node: unknown, where: string, rule?: RegExp): string {
  if (typeof node === "number") throw new Error(`${where} ${node} is a number; put it into quotes`);
  if (typeof node !== "string" || node === "") throw new Error(`${where} is missing or not text`);
  if (rule !== undefined && !rule.test(node)) throw new Error(`${where} ${node} does not look like ${rule.source}`);
  return node;
}

function booleanOf(node: unknown, where: string): boolean {
  if (typeof node !== "boolean") throw new Error(`${where} is neither true nor false`);
  return node;
}

function seconds(map: Node, member: string, standard: number): number {
  const value = map[member] ?? standard;
  if (typeof value !== "number" || !(value > 0 && value <= 86_400)) {
    throw new Error(`timeouts.${member} is not a number of seconds above 0`);
  }
  return value * 1000;
}

function wholeNumber(node: unknown, where: string): number {
  if (typeof node !== "number" || !Number.isInteger(node) || node < 1 || node > 65_535) {
    throw new Error(`${where} is not a whole number from 1 to 65535`);
  }
  return node;
}

function mapOf(node: unknown, where: string, members?: readonly string[]): Node {
  if (!isMap(node)) throw new Error(`${where} is not a map`);
  const unknown = members === undefined ? undefined : Object.keys(node).find((member) => !members.includes(member));
  if (unknown !== undefined) {
    throw new Error(`${where} has no member ${unknown}; it may have ${members?.join(", ")}`);
  }
  return node;
}

function isMap(node: unknown): node is Node {
  return typeof node === "object" && node !== null && !Array.isArray(node);
}
