import { isDataEvent, isReadOnly } from "../../record/index.ts";
import type { OperationModel, Protocol } from "../../aws/index.ts";
import type { RequestCall } from "./call.ts";
import type { RequestDescription } from "./description.ts";
import { ec2Request } from "./ec2/index.ts";
import { guarded } from "./guarded.ts";
import { omittedNote, shownInput } from "./record-style.ts";
import { type ReadRequest, readRequest } from "./read-request.ts";
import { hidesResources, resourcesOf } from "./resources/index.ts";
import { SPECIAL } from "./special/index.ts";
import { statedParameters, unknownParameters } from "./unknown-call.ts";

/**
 * Says what a request asks for in the words of a record. Whatever came: a body that cannot be read costs the parameters it
 * carries, which `additionalEventData.unparsed` tells, and never more than that.
 */
export function describeRequest(call: RequestCall): RequestDescription {
  const { model, resolved } = call;
  const { eventSource, eventName } = resolved;
  const read: ReadRequest = model === undefined ? { cut: false, body: call.body } : readRequest(model, call);
  const isData = isDataEvent(eventSource, eventName);
  const generic: RequestDescription = {
    requestParameters: parametersOf(call, read),
    ...resourcesIn(call, read),
    readOnly: isReadOnly(eventSource, eventName),
    managementEvent: !isData,
    eventCategory: isData ? "Data" : "Management",
    ...apiVersionOf(call),
    additionalEventData: read.unparsed === undefined ? {} : { unparsed: read.unparsed },
    ...(read.input === undefined ? {} : { input: read.input }),
  };
  const special = SPECIAL.get(eventSource);
  if (special?.request === undefined) return generic;
  return guarded(() => special.request?.({ ...call, body: read.body }, generic) ?? generic, generic);
}

function resourcesIn({ resolved, model, place }: RequestCall, { input, inPart }: ReadRequest): Found {
  const found = (which: "shown" | "all"): Found["resources"] =>
    guarded(() => resourcesOf(resolved, input, undefined, place, model, which), []);
  const resources = found("shown");
  if (inPart === true) return { resources, targets: [] };
  return hidesResources(resolved, model) ? { resources, targets: found("all") } : { resources };
}

type Found = Pick<RequestDescription, "resources" | "targets">;

function parametersOf(call: RequestCall, read: ReadRequest): unknown {
  const { model, resolved, body } = call;
  if (model === undefined) return unknownParameters(call);
  if (read.cut) return omittedNote("requestParameters", body);
  const { input } = read;
  const shown = input === undefined ? null : guarded(() => shownParameters(model, resolved.eventSource, input), null);
  return body.size > 0 && takesNoBody(model, resolved.protocol) ? guarded(() => withStated(call, shown), shown) : shown;
}

function shownParameters(model: OperationModel, eventSource: string, input: Values): unknown {
  if (model.service.protocol !== "ec2") return shownInput(model, eventSource, input);
  return model.input === undefined ? null : ec2Request(model, model.input, input);
}

/** An operation that had no parameters, or none in its body, when its model was written. */
function takesNoBody({ input }: OperationModel, protocol: Protocol): boolean {
  if (input === undefined) return true;
  return protocol.startsWith("rest-") && input.payload === undefined && input.byJsonName.size === 0;
}

/** A client may be newer than the model: what it says all the same is kept. The model's own members come last, and win. */
function withStated(call: RequestCall, shown: unknown): unknown {
  const stated = statedParameters(call) ?? {};
  return Object.keys(stated).length === 0 ? shown : { ...stated, ...(shown as object | null) };
}

type Values = Readonly<Record<string, unknown>>;

const AS_IT_IS = (version: string): string => version;

/** Services that tell the version of their API, each in its own spelling. Seen in published and real records. */
const API_VERSIONS: ReadonlyMap<string, (version: string) => string> = new Map([
  ["cloudfront.amazonaws.com", (version: string) => version.replaceAll("-", "_")],
  ["codecommit.amazonaws.com", AS_IT_IS],
  ["dynamodb.amazonaws.com", AS_IT_IS],
  ["elasticfilesystem.amazonaws.com", AS_IT_IS],
  ["elasticloadbalancing.amazonaws.com", AS_IT_IS],
  ["events.amazonaws.com", AS_IT_IS],
  ["inspector.amazonaws.com", (version: string) => `v${version.replaceAll("-", "")}`],
  ["kinesisanalytics.amazonaws.com", AS_IT_IS],
  ["logs.amazonaws.com", (version: string) => version.replaceAll("-", "")],
  ["route53.amazonaws.com", AS_IT_IS],
]);

function apiVersionOf({ resolved, model }: RequestCall): { apiVersion?: string } {
  const spelling = API_VERSIONS.get(resolved.eventSource);
  const version = resolved.service?.apiVersion ?? model?.service.apiVersion;
  return spelling === undefined || version === undefined ? {} : { apiVersion: spelling(version) };
}
