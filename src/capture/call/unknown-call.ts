/** What can be told of a request whose operation nobody knows: what it says itself, its secrets hidden by their names. */
import {
  headerValue,
  HIDDEN,
  hideSecrets,
  isSecretName,
  lowerFirst,
  type Protocol,
  SIGNATURE_V2,
} from "../../aws/index.ts";
import type { RequestCall } from "./call.ts";
import { decodeBody } from "./decode-body.ts";
import type { CapturedBody } from "./captured.ts";
import { omittedNote } from "./record-style.ts";
import { isForm } from "./read-request.ts";

/** So many parameters of a form are told. */
const PARAMETERS_MAX = 1000;
/** Longer bodies are not looked into: what they say would not fit into a record. */
const BODY_BYTES_MAX = 256 * 1024;
const PATH_LENGTH_MAX = 1024;

/**
 * The members of a JSON body, or the parameters of a form; of a REST call also method and path, and of any other nothing
 * but those. Never throws.
 */
export function unknownParameters(call: RequestCall): unknown {
  const { method, path } = call.head;
  // The query is left out: a presigned one carries a signature and may carry a token.
  const place = { method, path: path.slice(0, PATH_LENGTH_MAX) };
  try {
    if (isTooLarge(call.body)) return { ...place, ...omitted(call) };
    const said = statedParameters(call);
    if (said === undefined) return place;
    if (isRest(call.resolved.protocol)) return { ...place, body: said };
    return Object.keys(said).length === 0 ? null : said;
  } catch {
    // Neither JSON nor a form, or not what its header says: the path is all there is to tell.
    return place;
  }
}

function isTooLarge({ whole, size }: CapturedBody): boolean {
  return !whole || size > BODY_BYTES_MAX;
}

/** How large a body was that nobody looked into, if its members would have been told. */
function omitted({ head, body }: RequestCall): object | undefined {
  const namesMembers = isForm(head) || /json/i.test(headerValue(head.headers, "content-type") ?? "");
  return namesMembers ? { body: omittedNote("body", body) } : undefined;
}

function isRest(protocol: Protocol): boolean {
  return protocol === "rest-json" || protocol === "rest-xml";
}

/**
 * What a request says that goes by no model: the members of its JSON body or the parameters of its form, their secrets hidden;
 * undefined when it has neither. Of what is too large only that.
 * @throws {Error} when the body is not what its header says.
 */
export function statedParameters(call: RequestCall): object | undefined {
  const { resolved, head, body } = call;
  const type = headerValue(head.headers, "content-type") ?? "";
  const posted = isForm(head);
  if (isTooLarge(body)) return omitted(call);
  const text = (): string => Buffer.from(decodeBody(head.headers, body).bytes).toString("utf8");
  if (resolved.protocol === "query" || resolved.protocol === "ec2") return ofForm(head.query, posted ? text() : "");
  if (posted && !isRest(resolved.protocol)) return ofForm(head.query, text());
  return /json/i.test(type) && body.size > 0 ? ofJson(text()) : undefined;
}

function ofJson(text: string): object | undefined {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return { body: hideSecrets(value) };
  return Object.fromEntries(
    Object.entries(hideSecrets(value) as object).map(([name, part]) => [lowerFirst(name), part]),
  );
}

/** Parameters of a form by their names, dots and all; not the names of the call itself, nor those of its signature. */
function ofForm(...texts: readonly string[]): object {
  const members = Object.create(null) as Record<string, string>;
  let count = 0;
  const pairs: [string, string][] = [];
  for (const [name, value] of texts.flatMap((text) => [...new URLSearchParams(text)])) {
    if (/^(?:Action|Version)$|^X-Amz-/i.test(name)) continue;
    if (SIGNATURE_V2.has(name)) continue;
    if (++count > PARAMETERS_MAX) break;
    pairs.push([name, value]);
  }
  const named = new Map(pairs);
  for (const [name, value] of pairs) members[lowerFirst(name)] = isHidden(name, named) ? HIDDEN : value;
  return members;
}

/** `Passwords.member.1` is as secret as `Password`, and so is `X.1.Value` beside `X.1.Key=password`. */
function isHidden(name: string, named: ReadonlyMap<string, string>): boolean {
  const words = name.split(".").filter((step) => !/^(?:\d+|member|entry|item|key|value)$/i.test(step));
  if (words.some(isSecretName)) return true;
  const [, stem] = /^(.*\.\w*)value$/i.exec(name) ?? [];
  if (stem === undefined) return false;
  return ["Key", "key", "Name", "name"].some((key) => isSecretName(named.get(stem + key) ?? ""));
}
