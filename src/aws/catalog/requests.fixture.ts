import type { WireRequest } from "../http.ts";

export interface RequestParts {
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A request from its first line: `GET /bucket/key?acl`. Its path and query stay as they are. */
export function request(
  line: string,
  { host = "127.0.0.1:4580", headers = {}, body = "" }: RequestParts = {},
): WireRequest {
  const space = line.indexOf(" ");
  const [path = "", query = ""] = line.slice(space + 1).split(/\?(.*)/s);
  const all = { host, ...headers };
  return {
    method: line.slice(0, space),
    path,
    query,
    headers: Object.fromEntries(Object.entries(all).map(([name, value]) => [name, [value]])),
    body: Buffer.from(body),
  };
}

/** A form as the query protocols post it. */
export function form(line: string, body: string, headers: Readonly<Record<string, string>> = {}): WireRequest {
  return request(line, { headers: { "content-type": "application/x-www-form-urlencoded", ...headers }, body });
}

/** A call of the JSON protocols. */
export function json(target: string, contentType = "application/x-amz-json-1.1", host = "127.0.0.1:4580"): WireRequest {
  return request("POST /", { host, headers: { "x-amz-target": target, "content-type": contentType }, body: "{}" });
}
