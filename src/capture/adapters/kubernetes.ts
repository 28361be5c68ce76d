import type { RecordResource, UserIdentity } from "../../record/index.ts";
import { type Adapter, type Place, present, recordOf } from "./adapter.ts";
import { type Judge, redacted } from "./redact.ts";
import {
  httpStatus,
  isObject,
  list,
  name,
  names,
  object,
  operationName,
  pascalCase,
  requestTarget,
  statusError,
  text,
  timeMs,
  type Values,
} from "./values.ts";

/** The eventSource of what an API server of Kubernetes was asked. */
const KUBERNETES = "kubernetes.io";

const READING_VERBS: ReadonlySet<string> = new Set(["get", "list", "watch", "head", "options"]);

/** Doors into a container or through it: whoever gets one acts there, although the verb may be `get`. */
const DOORS: ReadonlySet<string> = new Set(["exec", "attach", "portforward", "proxy"]);

/** Questions that are asked by creating something that is never kept. */
const QUESTIONS = /(accessreviews|tokenreviews|selfsubjectreviews)$/;

/** Text in which `kubectl apply` repeats a whole object, secrets included. */
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/**
 * One event of Kubernetes' audit webhook or log (`audit.k8s.io/v1`).
 *
 * The eventSource is `kubernetes.io`; the eventName is verb, resource and subresource: `CreatePods`, `CreatePodsExec`,
 * `DeleteCollectionSecrets`, and `GetNonResourceURL` for a path that names no resource. A request is recorded once, when its
 * response is complete or a panic ended it. Contents of Secrets and of tokens are hidden.
 * @see https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/
 */
export const kubernetes: Adapter = (entry, place) => {
  if (!isObject(entry)) return { skipped: "not an object" };
  const stage = text(entry["stage"]);
  if (stage === undefined || text(entry["verb"]) === undefined) return { skipped: "not an audit event" };
  if (stage === "RequestReceived" || stage === "ResponseStarted") return { skipped: `stage ${stage}` };
  const time = timeMs(entry["stageTimestamp"]) ?? timeMs(entry["requestReceivedTimestamp"]);
  if (time === undefined) return { skipped: "no time" };
  const call = callOf(entry);
  const status = object(entry["responseStatus"]);
  const annotations = object(entry["annotations"]);
  const judge = judgeFor(call);
  const record = recordOf(
    {
      kind: "kubernetes",
      entry,
      id: name(entry["auditID"]),
      timeMs: time,
      eventSource: KUBERNETES,
      eventName: call.eventName,
      userIdentity: identityOf(object(entry["user"])),
      // All but the last address are the client's claims.
      sourceIPAddress: names(entry["sourceIPs"]).at(-1),
      userAgent: text(entry["userAgent"]),
      errorCode: errorCode(stage, status, annotations),
      errorMessage: text(status["message"]),
      requestParameters: requestParameters(entry, call, judge),
      responseElements: isObject(entry["responseObject"]) ? object(redacted(entry["responseObject"], judge)) : {},
      additionalEventData: {
        httpStatus: httpStatus(status["code"]),
        groups: someOf(names(object(entry["user"])["groups"])),
        userExtra: someMembers(redacted(object(entry["user"])["extra"])),
        impersonatedUser: impersonated(entry["impersonatedUser"]),
        sourceIPs: names(entry["sourceIPs"]).length > 1 ? names(entry["sourceIPs"]) : undefined,
        authorizationDecision: name(annotations["authorization.k8s.io/decision"]),
        authorizationReason: name(annotations["authorization.k8s.io/reason"]),
        requestReceivedTimestamp: name(entry["requestReceivedTimestamp"]),
      },
      origin: { level: name(entry["level"]), stage: name(stage) },
      requestID: text(entry["auditID"]),
      readOnly: call.readOnly,
      resources: resourcesOf(call, place),
    },
    place,
  );
  return { record };
};

interface Call {
  readonly verb: string;
  readonly eventName: string;
  readonly readOnly: boolean;
  readonly group: string;
  readonly version: string | undefined;
  readonly resource: string | undefined;
  readonly subresource: string | undefined;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

function callOf(entry: Values): Call {
  const verb = text(entry["verb"]) ?? "";
  const reference = object(entry["objectRef"]);
  const resource = name(reference["resource"]);
  const subresource = name(reference["subresource"]);
  const verbName = verb === "deletecollection" ? "DeleteCollection" : pascalCase(verb);
  const about = resource === undefined ? "NonResourceURL" : pascalCase(resource) + pascalCase(subresource ?? "");
  const reads = READING_VERBS.has(verb) && !DOORS.has(subresource ?? "");
  return {
    verb,
    eventName: operationName(`${verbName}${about}`) ?? "UnknownOperation",
    readOnly: reads || (verb === "create" && QUESTIONS.test(resource ?? "")),
    group: name(reference["apiGroup"]) ?? "core",
    version: name(reference["apiVersion"]),
    resource,
    subresource,
    namespace: name(reference["namespace"]),
    name: name(reference["name"]) ?? createdName(entry),
  };
}

/** What is created is named by its object, not by the request's path. */
function createdName(entry: Values): string | undefined {
  const metadata = [entry["responseObject"], entry["requestObject"]].map((whole) => object(object(whole)["metadata"]));
  return name(metadata[0]?.["name"]) ?? name(metadata[1]?.["name"]);
}

/** Users of Kubernetes are whoever its authenticators say: they stand here by the name they were given, with no type claimed. */
function identityOf(user: Values): UserIdentity {
  const extra = object(user["extra"]);
  return present({
    type: "Unknown",
    principalId: name(user["uid"]),
    accessKeyId: name(list(extra["accessKeyId"])[0]),
    userName: name(user["username"]),
  });
}

function impersonated(user: unknown): object | undefined {
  if (!isObject(user)) return undefined;
  return present({
    userName: name(user["username"]),
    uid: name(user["uid"]),
    groups: someOf(names(user["groups"])),
    extra: someMembers(redacted(user["extra"])),
  });
}

function errorCode(stage: string, status: Values, annotations: Values): string | undefined {
  if (stage === "Panic") return "Panic";
  const failed = statusError(httpStatus(status["code"]));
  if (failed !== undefined) return operationName(status["reason"]) ?? failed;
  return annotations["authorization.k8s.io/decision"] === "forbid" ? "Forbidden" : undefined;
}

function requestParameters(entry: Values, call: Call, judge: Judge): Values {
  const { path, query } = requestTarget(text(entry["requestURI"]) ?? "");
  const sent = entry["requestObject"];
  return {
    apiGroup: call.resource === undefined ? undefined : call.group,
    apiVersion: call.version,
    resource: call.resource,
    subresource: call.subresource,
    namespace: call.namespace,
    name: call.name,
    path: name(path),
    query: someMembers(redacted(query)),
    requestObject: sent === null ? undefined : redacted(sent, judge),
  };
}

/** What is secret by where it stands: contents of Secrets, tokens that are made or shown, patches of either. */
function judgeFor({ group, resource, subresource }: Call): Judge {
  const secret = (group === "core" && resource === "secrets") || subresource === "token" || resource === "tokenreviews";
  return (path, value) => {
    const last = path.at(-1);
    if (last === LAST_APPLIED) return "hide";
    if (!secret) return undefined;
    // A patch of operations tells by another member what its value is; a body that is mere text tells nothing at all.
    const patched = last === "value" && path.length === 1;
    const content =
      typeof value !== "object" && (path.length === 0 || path.includes("data") || path.includes("stringData"));
    return patched || content ? "hide" : undefined;
  };
}

/** `arn:kubernetes:apps:us-east-1:123456789012:prod/namespaces/shop/deployments/web`, `prod` being the source. */
function resourcesOf({ group, resource, namespace, name: called }: Call, place: Place): readonly RecordResource[] {
  if (resource === undefined) return [];
  const within = namespace === undefined ? "" : `namespaces/${namespace}/`;
  const which = called === undefined ? "" : `/${called}`;
  const ARN = `arn:kubernetes:${group}:${place.region}:${place.account}:${place.source}/${within}${resource}${which}`;
  return [{ accountId: place.account, type: `Kubernetes::${group}::${resource}`, ARN }];
}

function someOf<Element>(elements: readonly Element[]): readonly Element[] | undefined {
  return elements.length === 0 ? undefined : elements;
}

function someMembers(value: unknown): object | undefined {
  return isObject(value) && Object.keys(value).length > 0 ? value : undefined;
}
