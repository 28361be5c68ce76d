/** Which log a source speaks, and so which adapter reads it. */
export type SourceKind = "ceph-ops-log" | "kubernetes" | "minio" | "s3-access-log" | "vault";

/** Another server's audit log, as the configuration names it. */
export interface AuditSource {
  /** The last part of its webhook's path; told in every record as `additionalEventData.origin.source`. */
  readonly name: string;
  readonly kind: SourceKind;
  /** Account and Region of its records; OpenTrail's first account and its Region when left out. */
  readonly account?: string;
  readonly region?: string;
  readonly transport:
    | { readonly kind: "webhook"; readonly token: string }
    /** A file that grows, or for access logs also a directory of files. */
    | { readonly kind: "file"; readonly path: string };
}

const TRANSPORTS: Readonly<Record<SourceKind, readonly ("token" | "path")[]>> = {
  "ceph-ops-log": ["path"],
  kubernetes: ["token", "path"],
  minio: ["token"],
  "s3-access-log": ["path"],
  vault: ["path"],
};

const MEMBERS = ["name", "kind", "account", "region", "token", "path"];

/** Short enough to guess is no protection: whoever knows the token can write into the log. */
const TOKEN_LENGTH_MIN = 16;

/**
 * Reads the list `sources` of the configuration; an absent one is empty.
 * @throws {Error} that names the source, the member, and what it may be.
 */
export function parseSources(value: unknown): readonly AuditSource[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Error("sources is a list, each with a name and a kind");
  const sources = (value as readonly unknown[]).map(parseSource);
  const names = new Set<string>();
  for (const { name } of sources) {
    if (names.has(name)) throw new Error(`there are two sources with the name ${name}`);
    names.add(name);
  }
  return sources;
}

/** Reads one source. @throws {Error} that names the source, the member, and what it may be. */
export function parseSource(value: unknown): AuditSource {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error("a source is written as name, kind, and token or path");
  }
  const members = value as Readonly<Record<string, unknown>>;
  const name = textOf(members, "name", "a source");
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name)) {
    throw new Error(`${name} is not a name of a source: up to 63 of a-z, 0-9 and hyphen, no hyphen first`);
  }
  const whose = `the source ${name}`;
  const unknown = Object.keys(members).find((member) => !MEMBERS.includes(member));
  if (unknown !== undefined) throw new Error(`${whose} has no ${unknown}; known are ${MEMBERS.join(", ")}`);
  const kind = kindOf(textOf(members, "kind", whose), whose);
  return {
    name,
    kind,
    ...matching(members, "account", /^\d{12}$/, "an account id of 12 digits", whose),
    ...matching(members, "region", /^[a-z]{2}(-[a-z]+)+-\d{1,2}$/, "a Region such as us-east-1", whose),
    transport: transportOf(members, kind, whose),
  };
}

function kindOf(text: string, whose: string): SourceKind {
  if (Object.hasOwn(TRANSPORTS, text)) return text as SourceKind;
  throw new Error(`${whose} is of kind ${text}; known are ${Object.keys(TRANSPORTS).join(", ")}`);
}

function transportOf(
  members: Readonly<Record<string, unknown>>,
  kind: SourceKind,
  whose: string,
): AuditSource["transport"] {
  const allowed = TRANSPORTS[kind];
  const given = (["token", "path"] as const).filter((member) => members[member] !== undefined);
  const wanted = allowed.join(" or ");
  if (given.length !== 1 || !allowed.some((member) => member === given[0])) {
    throw new Error(`${whose} is of kind ${kind} and needs a ${wanted}, and nothing else of the two`);
  }
  if (given[0] === "path") return { kind: "file", path: textOf(members, "path", whose) };
  const token = textOf(members, "token", whose);
  if (token.length < TOKEN_LENGTH_MIN || /\s/.test(token)) {
    throw new Error(`the token of ${whose} needs at least ${TOKEN_LENGTH_MIN} characters, none of them a space`);
  }
  return { kind: "webhook", token };
}

/** YAML reads digits as a number: an account id may come as one. */
function matching<Member extends "account" | "region">(
  members: Readonly<Record<string, unknown>>,
  member: Member,
  pattern: RegExp,
  what: string,
  whose: string,
): { readonly [Name in Member]?: string } {
  const value = members[member];
  if (value === undefined || value === null) return {};
  const text = typeof value === "number" ? String(value).padStart(12, "0") : value;
  if (typeof text !== "string" || !pattern.test(text)) throw new Error(`the ${member} of ${whose} is not ${what}`);
  return { [member]: text } as { readonly [Name in Member]?: string };
}

function textOf(members: Readonly<Record<string, unknown>>, member: string, whose: string): string {
  const value = members[member];
  if (typeof value !== "string" || value === "") throw new Error(`${whose} needs a ${member}`);
  return value;
}
