import {
  escapeXml,
  nameForService,
  type ResolvedCall,
  type Service,
  serializeError,
  type WireResponse,
} from "../../aws/index.ts";
import { Refusal } from "../../core/index.ts";
import type { CapturedHead } from "../call/captured.ts";

/** Whom a refusal is told, and about what. */
export interface RefusedCall {
  readonly resolved: ResolvedCall;
  /** Absent when the service is unknown. */
  readonly model?: Service;
  readonly head: Pick<CapturedHead, "method" | "path">;
  readonly requestId: string;
}

/**
 * The refusal as the service that was called would answer it, in the protocol that the client speaks. `refusal` has
 * the name that the query protocol knows (`AccessDenied`, `ServiceUnavailable`).
 */
export function refusalAnswer(call: RefusedCall, refusal: Refusal): WireResponse {
  const { resolved, head, requestId } = call;
  const { protocol } = resolved;
  const service = call.model ?? unknownService(resolved);
  const named = namedRefusal(resolved, refusal);
  const answer = isS3(resolved)
    ? s3Answer(named, head, requestId)
    : serializeError(service, protocol, named, requestId);
  return forMethod(head.method, withQueryName(answer, refusal));
}

/**
 * The refusal as its record tells it: under the name that the client reads, but as CloudTrail spells it. EC2 says who is to
 * blame (`Client.UnauthorizedOperation`); a denial is `AccessDenied` in services of JSON too. Both seen in real records (of
 * Organizations and Cost Explorer).
 */
export function recordedRefusal(
  resolved: ResolvedCall,
  refusal: Refusal,
): { readonly errorCode: string; readonly errorMessage: string } {
  const { code, message, status } = namedRefusal(resolved, refusal);
  return { errorCode: recordedCode(resolved, code, status), errorMessage: message };
}

function recordedCode({ service }: ResolvedCall, code: string, status: number): string {
  if (service?.id === "ec2") return `${status >= 500 ? "Server" : "Client"}.${code}`;
  return code === "AccessDeniedException" ? "AccessDenied" : code;
}

function namedRefusal(resolved: ResolvedCall, refusal: Refusal): Refusal {
  return nameForService(ec2Denial(refusal, resolved), resolved.service?.id, resolved.protocol);
}

function isS3({ service, protocol }: ResolvedCall): boolean {
  return service?.id === "s3" && protocol === "rest-xml";
}

/** S3 tells what was asked for, and has names of its own for the ids. */
function s3Answer(
  { code, message, status, details }: Refusal,
  head: RefusedCall["head"],
  requestId: string,
): WireResponse {
  const members = Object.entries({
    Code: code,
    Message: message,
    ...details,
    Resource: head.path,
    RequestId: requestId,
  });
  const text = members.map(([name, value]) => `<${name}>${escapeXml(String(value))}</${name}>`).join("");
  return {
    status,
    headers: { "content-type": "application/xml", "x-amz-request-id": requestId },
    body: Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n<Error>${text}</Error>`),
  };
}

/** EC2 says the same before it says why. */
function ec2Denial(refusal: Refusal, { service }: ResolvedCall): Refusal {
  if (service?.id !== "ec2" || refusal.code !== "AccessDenied") return refusal;
  const message = `You are not authorized to perform this operation. ${refusal.message}`;
  return new Refusal(refusal.code, message, refusal.status, refusal.details);
}

/** Services that left the query protocol tell their old clients the name that it had there. */
function withQueryName(answer: WireResponse, refusal: Refusal): WireResponse {
  if (answer.headers["x-amzn-query-error"] === undefined) return answer;
  const header = `${refusal.code};${answer.status < 500 ? "Sender" : "Receiver"}`;
  return { ...answer, headers: { ...answer.headers, "x-amzn-query-error": header } };
}

function forMethod(method: string, answer: WireResponse): WireResponse {
  return method === "HEAD" ? { ...answer, body: new Uint8Array() } : answer;
}

/** Enough of a service to say something in a protocol. */
function unknownService({ service, protocol }: ResolvedCall): Service {
  const name = service?.id ?? "unknown";
  return {
    name,
    signingName: service?.signingName ?? name,
    endpointPrefix: name,
    apiVersion: service?.apiVersion ?? "",
    protocol,
    jsonVersion: protocol === "json-1.0" ? "1.0" : "1.1",
    queryCompatible: false,
    operations: new Map(),
    errors: new Map(),
  };
}
