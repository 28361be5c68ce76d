import { Refusal } from "../core/index.ts";
import type { WireRequest } from "./http.ts";
import { headerValue } from "./http.ts";
import { formOf } from "./protocols/form.ts";
import { Malformed } from "./protocols/scalars.ts";
import type { UriTemplate } from "./protocols/uri.ts";
import { bySpecificity, hasLiterals, matchPath, templateOf } from "./protocols/uri.ts";
import type { OperationModel, Protocol, Service } from "./shapes.ts";

export interface Route {
  readonly operation: OperationModel;
  readonly protocol: Protocol;
}

/**
 * The protocol that a request speaks, whether or not it names an operation: errors before routing answer in it.
 *
 * Clients move between protocols without a new API version, so what the request looks like decides, not the model. Only
 * the REST protocols have nothing to be told by.
 */
export function protocolOf(service: Service, request: WireRequest): Protocol {
  if (service.protocol === "rest-json" || service.protocol === "rest-xml") return service.protocol;
  const { headers } = request;
  if (headerValue(headers, "smithy-protocol") === "rpc-v2-cbor") return "rpc-v2-cbor";
  const contentType = headerValue(headers, "content-type") ?? "";
  if (contentType.startsWith("application/x-amz-json-1.0")) return "json-1.0";
  if (contentType.startsWith("application/x-amz-json-1.1")) return "json-1.1";
  if (headers["x-amz-target"] !== undefined) return `json-${service.jsonVersion}`;
  if (service.protocol === "query" || service.protocol === "ec2") return service.protocol;
  return isQuery(request) ? "query" : service.protocol;
}

function isQuery(request: WireRequest): boolean {
  try {
    return formOf(request).action !== undefined;
  } catch (thrown) {
    // A form that cannot be read names no action; whoever parses it will say what is wrong with it.
    if (thrown instanceof Malformed) return false;
    throw thrown;
  }
}

/**
 * The operation that a request asks for.
 * @throws {Refusal} `UnknownOperationException` (400; 404 in the REST protocols), or for query and ec2 `InvalidAction`,
 * `MissingAction` or `MalformedQueryString`.
 */
export function resolveOperation(service: Service, request: WireRequest): Route {
  const protocol = protocolOf(service, request);
  switch (protocol) {
    case "json-1.0":
    case "json-1.1":
      return { operation: byTarget(service, request), protocol };
    case "query":
    case "ec2":
      return { operation: byAction(service, request), protocol };
    case "rpc-v2-cbor":
      return { operation: byRpcPath(service, request), protocol };
    case "rest-json":
    case "rest-xml":
      return { operation: byUri(service, request), protocol };
  }
}

/** The prefix is not looked at: SDKs disagree about it (`com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101`). */
function byTarget(service: Service, { headers }: WireRequest): OperationModel {
  const target = headerValue(headers, "x-amz-target") ?? "";
  return known(service, target.slice(target.lastIndexOf(".") + 1), 400);
}

function byAction(service: Service, request: WireRequest): OperationModel {
  const { action, version } = readForm(request);
  if (!action) throw new Refusal("MissingAction", "The request is missing an action or a required parameter.");
  const operation = version === service.apiVersion ? service.operations.get(action) : undefined;
  if (operation !== undefined) return operation;
  const named = version || "NO_VERSION_SPECIFIED";
  throw new Refusal("InvalidAction", `Could not find operation ${action} for version ${named}`);
}

function readForm(request: WireRequest): ReturnType<typeof formOf> {
  try {
    return formOf(request);
  } catch (thrown) {
    if (thrown instanceof Malformed) throw new Refusal("MalformedQueryString", thrown.message);
    throw thrown;
  }
}

const RPC_PATH = /\/service\/[^/]+\/operation\/([^/]+)$/;

function byRpcPath(service: Service, { method, path }: WireRequest): OperationModel {
  const name = method === "POST" ? RPC_PATH.exec(path)?.[1] : undefined;
  return known(service, name ?? "", 404);
}

const routes = new WeakMap<Service, ReadonlyMap<string, readonly RestRoute[]>>();

interface RestRoute {
  readonly operation: OperationModel;
  readonly template: UriTemplate;
}

/** Per method, the most specific templates first: the first that fits is the one. */
function routesOf(service: Service): ReadonlyMap<string, readonly RestRoute[]> {
  const known = routes.get(service);
  if (known !== undefined) return known;
  const all = [...service.operations.values()].map((operation) => ({ operation, template: templateOf(operation) }));
  all.sort((one, other) => bySpecificity(one.template, other.template));
  const byMethod = Map.groupBy(all, ({ operation }) => operation.http.method);
  routes.set(service, byMethod);
  return byMethod;
}

function byUri(service: Service, { method, path, query }: WireRequest): OperationModel {
  const found = routesOf(service)
    .get(method)
    ?.find(({ template }) => hasLiterals(template, query) && matchPath(template, path) !== undefined);
  if (found === undefined) throw unknownOperation(404);
  return found.operation;
}

function known(service: Service, name: string, status: number): OperationModel {
  const operation = service.operations.get(name);
  if (operation === undefined) throw unknownOperation(status);
  return operation;
}

function unknownOperation(status: number): Refusal {
  return new Refusal("UnknownOperationException", "The request names no operation of this service", status);
}
