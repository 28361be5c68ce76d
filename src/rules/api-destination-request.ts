import type { ApiDestination } from "./api-destinations.ts";
import type { ConnectionAuth, HttpPart, HttpParts } from "./connection.ts";
import type { Target } from "./rule.ts";

export interface BuiltRequest {
  readonly method: string;
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A delivery that no further attempt can make fit to be sent. */
export class UnfitRequest extends Error {}

/**
 * The request to an API destination: what the target says, over it what the connection says, over that how it
 * authorizes. `token` is OAuth's.
 * @throws {UnfitRequest} when a path parameter is missing or would lead elsewhere, or a header cannot be sent.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
 */
export function buildRequest(
  destination: Pick<ApiDestination, "invocationEndpoint" | "httpMethod">,
  target: NonNullable<Target["HttpParameters"]>,
  auth: ConnectionAuth,
  body: string,
  token?: string,
): BuiltRequest {
  const parts = auth.InvocationHttpParameters ?? {};
  const url = new URL(fillPath(destination.invocationEndpoint, target.PathParameterValues ?? []));
  const query = [...Object.entries(target.QueryStringParameters ?? {}), ...pairs(parts.QueryStringParameters)];
  for (const [key, value] of query) url.searchParams.set(key, value);
  const headers = headersOf([
    ["content-type", "application/json; charset=utf-8"],
    ...Object.entries(target.HeaderParameters ?? {}),
    ...pairs(parts.HeaderParameters),
    ...authHeaders(auth, token),
    ["user-agent", "Amazon/EventBridge/ApiDestinations"],
  ]);
  const method = destination.httpMethod;
  const request = { method, url: url.href, headers };
  return BODILESS.has(method) ? request : { ...request, body: addMembers(body, parts) };
}

const BODILESS: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** What belongs to the connection between two machines, not to the request; who defines a target cannot set it. */
const NOT_TO_BE_SET =
  /^(host|content-length|connection|keep-alive|transfer-encoding|te|trailer|upgrade|expect|via|max-forwards|proxy-.*)$/;

function headersOf(given: readonly (readonly [name: string, value: string])[]): Readonly<Record<string, string>> {
  const headers = new Map<string, string>();
  for (const [name, value] of given) {
    const lower = name.toLowerCase();
    if (NOT_TO_BE_SET.test(lower)) continue;
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(lower) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      throw new UnfitRequest(`the header ${JSON.stringify(lower.slice(0, 64))} has characters that no header may have`);
    }
    headers.set(lower, value);
  }
  return Object.fromEntries(headers);
}

function authHeaders(auth: ConnectionAuth, token: string | undefined): readonly (readonly [string, string])[] {
  const { BasicAuthParameters: basic, ApiKeyAuthParameters: key } = auth;
  if (basic !== undefined) {
    return [["authorization", `Basic ${Buffer.from(`${basic.Username}:${basic.Password}`).toString("base64")}`]];
  }
  if (key !== undefined) return [[key.ApiKeyName, key.ApiKeyValue]];
  return token === undefined ? [] : [["authorization", `Bearer ${token}`]];
}

/** Each `*` becomes the next value, which cannot leave its place in the path: it may come out of an event. */
function fillPath(endpoint: string, values: readonly string[]): string {
  let next = 0;
  return endpoint.replaceAll("*", () => {
    const value = values[next++];
    if (value === undefined) throw new UnfitRequest(`the target has no value for path parameter ${next}`);
    if (/^\.{1,2}$/.test(value)) throw new UnfitRequest(`path parameter ${next} would lead elsewhere`);
    return encodeURIComponent(value.toWellFormed());
  });
}

/** The body parameters of the connection as members of the body, where that is a JSON object. */
function addMembers(body: string, { BodyParameters }: HttpParts): string {
  if (BodyParameters === undefined || BodyParameters.length === 0) return body;
  const parsed = parseObject(body);
  return parsed === undefined
    ? body
    : JSON.stringify(Object.fromEntries([...Object.entries(parsed), ...pairs(BodyParameters)]));
}

function parseObject(text: string): object | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? parsed : undefined;
  } catch {
    // An input transformer may make plain text.
    return undefined;
  }
}

export function pairs(parts: readonly HttpPart[] | undefined): readonly (readonly [string, string])[] {
  return (parts ?? []).flatMap(({ Key, Value }) => (Key === undefined ? [] : [[Key, Value ?? ""] as const]));
}
