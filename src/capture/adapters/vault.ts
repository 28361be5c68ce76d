import type { RecordResource, UserIdentity } from "../../record/index.ts";
import { type Adapter, type Place, present, recordOf } from "./adapter.ts";
import { redacted } from "./redact.ts";
import { isObject, list, name, names, object, operationName, pascalCase, text, timeMs, type Values } from "./values.ts";

/** The eventSource of what a Vault was asked. */
const VAULT = "vault.hashicorp.com";

const READS: ReadonlySet<string> = new Set(["read", "list", "help", "header", "alias-lookahead", "resolve-role"]);

/** How Vault's audit device writes what it hashed. */
const HASHED = /^hmac-[a-z0-9]+:/;

/**
 * One line of a Vault audit device's log (`file`, `socket`, JSON).
 *
 * The eventSource is `vault.hashicorp.com`, the eventName the operation (`Read`, `Update`, `List` …), `Login` for a login;
 * what it was about stands in `requestParameters.path` and `resources`. A request is recorded when it was answered: its
 * entry of type `response` holds all that the one of type `request` held.
 *
 * Values stay as Vault hashed them. Where nothing shows that the device hashes (`log_raw`), every text is hidden.
 * @see https://developer.hashicorp.com/vault/docs/audit/schema
 */
export const vault: Adapter = (entry, place) => {
  if (!isObject(entry)) return { skipped: "not an object" };
  const { type } = entry;
  if (type === "request") return { skipped: "request: its response is recorded" };
  if (type !== "response") return { skipped: "not an audit entry" };
  const time = timeMs(entry["time"]);
  if (time === undefined) return { skipped: "no time" };
  const request = object(entry["request"]);
  const response = object(entry["response"]);
  const auth = object(entry["auth"]);
  const path = text(request["path"]);
  const operation = text(request["operation"]) ?? "";
  const hashed = isHashed(request, auth, response);
  const error = text(entry["error"]);
  const record = recordOf(
    {
      kind: "vault",
      entry,
      id: name(request["id"]),
      timeMs: time,
      eventSource: VAULT,
      eventName: eventName(operation, path ?? ""),
      userIdentity: identityOf(auth, object(response["auth"])),
      sourceIPAddress: name(request["remote_address"]),
      userAgent: userAgent(object(request["headers"])),
      errorCode: errorCode(error),
      errorMessage: error,
      requestParameters: {
        path,
        operation: name(operation),
        namespace: name(object(request["namespace"])["path"]),
        mountType: name(request["mount_type"]),
        mountPoint: name(request["mount_point"]),
        policyOverride: request["policy_override"] === true ? true : undefined,
        wrapTtl: request["wrap_ttl"],
        data: shownData(request["data"], hashed),
        headers: shownData(request["headers"], true),
      },
      responseElements: {
        data: shownData(response["data"], hashed),
        auth: shownAuth(response["auth"], hashed),
        wrapInfo: shownData(response["wrap_info"], hashed),
        redirect: name(response["redirect"]),
        warnings: someOf(names(response["warnings"])),
      },
      additionalEventData: { auth: shownAuth(auth, hashed), forwardedFrom: name(entry["forwarded_from"]) },
      requestID: text(request["id"]),
      readOnly: READS.has(operation),
      resources: resourcesOf(path, name(request["mount_type"]), place),
    },
    place,
  );
  return { record };
};

function eventName(operation: string, path: string): string {
  if (operation === "update" && /^auth\/.+\/login(\/|$)/.test(path)) return "Login";
  return operationName(pascalCase(operation)) ?? "UnknownOperation";
}

/** Who a login made is known by the answer only. */
function identityOf(auth: Values, loggedIn: Values): UserIdentity {
  const from = text(auth["display_name"]) === undefined && text(auth["entity_id"]) === undefined ? loggedIn : auth;
  return present({
    type: "Unknown",
    principalId: name(from["entity_id"]),
    userName: name(from["display_name"]),
  });
}

/** Vault has texts for its errors, no codes; who may not is told as everywhere else. */
const ERRORS: readonly (readonly [RegExp, string])[] = [
  [/permission denied/i, "AccessDenied"],
  [/unsupported (path|operation)/i, "UnsupportedOperation"],
  [/invalid request/i, "InvalidRequest"],
  [/sealed/i, "Sealed"],
];

function errorCode(error: string | undefined): string | undefined {
  if (error === undefined) return undefined;
  return ERRORS.find(([pattern]) => pattern.test(error.slice(0, 10_000)))?.[1] ?? "Error";
}

/** Whether the device is seen to hash: then text that stands plainly is what its operator exempted. */
function isHashed(request: Values, auth: Values, response: Values): boolean {
  const tokens = [request["client_token"], auth["client_token"], object(response["auth"])["client_token"]];
  const told = tokens.filter((token) => text(token) !== undefined);
  return told.length > 0 && told.every((token) => HASHED.test(String(token)));
}

/** Hashes tell nothing, and let one see that two values were the same: they stay even under the name of a secret. */
function shownData(value: unknown, hashed: boolean): unknown {
  if (value === null) return undefined;
  return redacted(value, (_, inner) => {
    if (typeof inner !== "string" || inner === "") return undefined;
    return HASHED.test(inner) ? "show" : hashed ? undefined : "hide";
  });
}

/** A token's or a login's description without the token itself. */
function shownAuth(value: unknown, hashed: boolean): object | undefined {
  if (!isObject(value)) return undefined;
  const { accessor, metadata } = value;
  const shown = present({
    accessor: HASHED.test(String(accessor)) ? name(accessor) : undefined,
    policies: someOf(names(value["policies"])),
    tokenType: name(value["token_type"]),
    displayName: name(value["display_name"]),
    entityId: name(value["entity_id"]),
    metadata: shownData(metadata ?? null, hashed),
    policyResults: isObject(value["policy_results"]) ? redacted(value["policy_results"]) : undefined,
  });
  return Object.keys(shown).length === 0 ? undefined : shown;
}

function userAgent(headers: Values): string | undefined {
  const found = Object.entries(headers).find(([header]) => header.toLowerCase() === "user-agent")?.[1];
  return text(list(found)[0]) ?? text(found);
}

/** `arn:vault:kv:us-east-1:123456789012:prod/secret/data/shop`, `prod` being the source. */
function resourcesOf(path: string | undefined, mountType: string | undefined, place: Place): readonly RecordResource[] {
  if (path === undefined || path.length > 2048) return [];
  const engine = mountType !== undefined && /^[\w-]{1,64}$/.test(mountType) ? mountType : "path";
  const ARN = `arn:vault:${engine}:${place.region}:${place.account}:${place.source}/${path}`;
  return [{ accountId: place.account, type: `Vault::${engine}::Path`, ARN }];
}

function someOf<Element>(elements: readonly Element[]): readonly Element[] | undefined {
  return elements.length === 0 ? undefined : elements;
}
