/** Of a body that cannot be read as a whole, what can: one wrong member must not hide all others from the log. */
import type { Protocol, WireRequest } from "../../aws/index.ts";

/** So many members are tried one by one. */
const PARTS_MAX = 200;
/** So much of a name that could not be read is told. */
const NAME_LENGTH_MAX = 64;

export interface ReadableParts {
  /** The request with those members alone that can be read. */
  readonly wire: WireRequest;
  /** The names of the others. */
  readonly unreadable: readonly string[];
}

/**
 * Tries every member of a JSON object or of a form by itself; undefined when the body is neither, or has too many.
 * `canRead` tells of a request with some of the members whether it could be read.
 */
export function readableParts(
  protocol: Protocol,
  wire: WireRequest,
  canRead: (wire: WireRequest) => boolean,
): ReadableParts | undefined {
  const parts = protocol === "query" || protocol === "ec2" ? partsOfForm(wire) : partsOfJson(wire);
  if (parts === undefined || parts.names.length > PARTS_MAX) return undefined;
  const readable: string[] = [];
  const unreadable: string[] = [];
  for (const name of parts.names) {
    if (canRead(parts.only([name]))) readable.push(name);
    else unreadable.push(name.slice(0, NAME_LENGTH_MAX));
  }
  return { wire: parts.only(readable), unreadable };
}

interface Parts {
  readonly names: readonly string[];
  only(names: readonly string[]): WireRequest;
}

function partsOfJson(wire: WireRequest): Parts | undefined {
  const members = jsonObject(wire.body);
  if (members === undefined) return undefined;
  return {
    names: [...members.keys()],
    only: (names) => {
      const kept = names.map((name) => `${JSON.stringify(name)}:${JSON.stringify(members.get(name))}`);
      return { ...wire, body: Buffer.from(`{${kept.join(",")}}`) };
    },
  };
}

function jsonObject(body: Uint8Array): ReadonlyMap<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? new Map(Object.entries(value))
      : undefined;
  } catch {
    // No JSON: there are no parts.
    return undefined;
  }
}

/** What stands under one name up to its first dot belongs together. */
function partsOfForm(wire: WireRequest): Parts {
  const split = (text: string): string[] => text.split("&").filter((pair) => pair !== "");
  const stem = (pair: string): string => /^[^=.]*/.exec(pair)?.[0] ?? "";
  const query = split(wire.query);
  const body = split(Buffer.from(wire.body).toString("latin1"));
  const among = (pairs: readonly string[], names: ReadonlySet<string>): string =>
    pairs.filter((pair) => names.has(stem(pair))).join("&");
  return {
    names: [...new Set([...query, ...body].map(stem))],
    only: (names) => {
      const kept = new Set(names);
      return { ...wire, query: among(query, kept), body: Buffer.from(among(body, kept), "latin1") };
    },
  };
}
