/** Calls for tests: as much of each as the quirks of single services look at. */
import {
  type Headers,
  loadService,
  type OperationModel,
  type ResolvedCall,
  type ServiceModelJson,
} from "../../../aws/index.ts";
import type { RequestCall, ResponseCall } from "../call.ts";
import type { CapturedBody } from "../captured.ts";
import type { CallPlace, RequestDescription, ResponseDescription } from "../description.ts";

export const PLACE: CallPlace = { account: "123456789012", region: "us-east-1", bucketHosts: [] };

export interface RequestParts {
  readonly service?: string;
  readonly eventSource?: string;
  readonly operation?: string;
  readonly eventName?: string;
  readonly model?: OperationModel | undefined;
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | CapturedBody;
  readonly apiVersion?: string;
  readonly place?: CallPlace;
}

export function requestCall(parts: RequestParts): RequestCall {
  const { method = "GET", path = "/", query = "", model } = parts;
  return {
    ...(model !== undefined && { model }),
    resolved: resolvedCall(parts),
    head: { method, path, query, headers: headers(parts.headers ?? {}) },
    body: bodyOf(parts.body ?? ""),
    place: parts.place ?? PLACE,
  };
}

export function responseCall(
  parts: RequestParts,
  request: RequestDescription,
  response: { readonly headers?: Readonly<Record<string, string>>; readonly body?: string | CapturedBody },
): ResponseCall {
  const { resolved, place, model } = requestCall(parts);
  return {
    ...(model !== undefined && { model }),
    resolved,
    request,
    response: { status: 200, headers: headers(response.headers ?? {}), body: bodyOf(response.body ?? "") },
    place,
  };
}

function resolvedCall(parts: RequestParts): ResolvedCall {
  const { service = "s3", eventSource = `${service}.amazonaws.com`, operation, apiVersion = "2006-03-01" } = parts;
  return {
    service: { id: service, signingName: service, eventSource, iamPrefix: service, apiVersion },
    ...(operation !== undefined && { operation }),
    eventSource,
    eventName: parts.eventName ?? operation ?? "UnknownOperation",
    protocol: "rest-xml",
  };
}

function headers(values: Readonly<Record<string, string>>): Headers {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, [value]]));
}

export function bodyOf(body: string | CapturedBody): CapturedBody {
  if (typeof body !== "string") return body;
  const bytes = new TextEncoder().encode(body);
  return { bytes, size: bytes.length, whole: true };
}

/** What the generic mapping would make: given parts, the rest empty. */
export function genericRequest(parts: Partial<RequestDescription> = {}): RequestDescription {
  return {
    requestParameters: null,
    resources: [],
    readOnly: false,
    managementEvent: true,
    eventCategory: "Management",
    additionalEventData: {},
    ...parts,
  };
}

export function genericResponse(parts: Partial<ResponseDescription> = {}): ResponseDescription {
  return { responseElements: null, resources: [], additionalEventData: {}, ...parts };
}

/** An operation of S3 by what its body is. */
export function s3Operation(name: string, body: "none" | "xml" | "policy" | "object"): OperationModel {
  const payload: ServiceModelJson["shapes"][string] = {
    type: { none: "string", xml: "structure", policy: "string", object: "blob" }[body],
  };
  const member = body === "policy" ? "Policy" : "Body";
  const service = loadService("s3", {
    metadata: { protocol: "rest-xml", apiVersion: "2006-03-01" },
    operations: { [name]: { name, http: { method: "PUT", requestUri: "/{Bucket}" }, input: { shape: "Input" } } },
    shapes: {
      Text: { type: "string" },
      Payload: payload.type === "structure" ? { ...payload, members: {} } : payload,
      Input: {
        type: "structure",
        members: {
          Bucket: { shape: "Text", location: "uri", locationName: "Bucket" },
          ...(body !== "none" && { [member]: { shape: "Payload" } }),
        },
        ...(body !== "none" && { payload: member }),
      },
    },
  });
  const operation = service.operations.get(name);
  if (operation === undefined) throw new Error(`the model has ${name}`);
  return operation;
}
