/** The ways to say what a request asks for. */
import type { WireRequest } from "../http.ts";
import type { Protocol } from "../shapes.ts";
import type { Entry } from "./entry.ts";
import { eventNameOf } from "./event-names.ts";
import type { ResolvedCall } from "./resolved-call.ts";
import type { RpcName } from "./rpc-name.ts";
import { contentType } from "./rpc-name.ts";

const UNKNOWN_OPERATION = "UnknownOperation";
const UNKNOWN_SOURCE = "unknown.amazonaws.com";

export function knownCall({ service }: Entry, operation: string, protocol: Protocol): ResolvedCall {
  const { eventSource } = service;
  return { service, operation, eventSource, eventName: eventNameOf(service.id, operation), protocol };
}

/** An operation that the service's model does not have, by the name that the request gives it. */
export function unknownCall({ service }: Entry, name: string | undefined, protocol: Protocol): ResolvedCall {
  return { service, eventSource: service.eventSource, eventName: name || UNKNOWN_OPERATION, protocol };
}

/** A request to no service of AWS. `signingName` is whatever the request's signature says. */
export function strangeCall(
  request: WireRequest,
  rpc: RpcName | undefined,
  signingName: string | undefined,
): ResolvedCall {
  const isClean = signingName !== undefined && /^[a-z0-9][a-z0-9-]{0,62}$/i.test(signingName);
  return {
    eventSource: isClean ? `${signingName}.amazonaws.com` : UNKNOWN_SOURCE,
    eventName: rpc?.operation || UNKNOWN_OPERATION,
    protocol: protocolOfStranger(request, rpc),
  };
}

function protocolOfStranger(request: WireRequest, rpc: RpcName | undefined): Protocol {
  if (rpc !== undefined) return rpc.protocol === "json" ? "json-1.1" : rpc.protocol;
  return contentType(request).includes("xml") ? "rest-xml" : "rest-json";
}

/** The protocol in which a service was named an operation: what the request speaks, whatever the model says. */
export function rpcProtocol({ protocols }: Entry, { protocol }: RpcName): Protocol {
  if (protocol === "query") return protocols.includes("ec2") ? "ec2" : "query";
  if (protocol === "json") return protocols.find((modelled) => modelled.startsWith("json-")) ?? "json-1.1";
  return protocol;
}

/** The protocol in which to answer a request that names no operation. */
export function plainProtocol({ protocols }: Entry, request: WireRequest): Protocol {
  const [favourite = "json-1.1"] = protocols;
  const isCbor = contentType(request).startsWith("application/cbor");
  return favourite === "rpc-v2-cbor" && !isCbor ? (protocols[1] ?? favourite) : favourite;
}
