import { escapeXml } from "../../aws/index.ts";
import { isDiskFull } from "../../buckets/index.ts";
import { Failure, Refusal } from "../../core/index.ts";
import { type AnswerMark, PROLOG, type WireAnswer } from "./answer.ts";

/** Details that belong into headers, not into the body: the refusal is about a version that is a delete marker. */
export interface MarkerDetails {
  readonly deleteMarker?: unknown;
  readonly versionId?: unknown;
}

/** Headers of a refusal: kept beside its other details, under this name. */
const HEADERS = "headers";

/** A refusal as S3 tells it. */
export function errorAnswer(refusal: Refusal, path: string, { requestId, hostId }: AnswerMark): WireAnswer {
  const { code, message, status, details } = refusal;
  const shown = Object.entries(details).filter(([name]) => /^[A-Z]/.test(name));
  const members: readonly (readonly [name: string, value: unknown])[] = [
    ["Code", code],
    ["Message", message],
    ...shown,
    ["Resource", path],
    ["RequestId", requestId],
    ["HostId", hostId],
  ];
  const inside = members.map(([name, value]) => `<${name}>${escapeXml(String(value))}</${name}>`).join("");
  return {
    status,
    headers: { "content-type": "application/xml", ...headersIn(details) },
    body: Buffer.from(`${PROLOG}<Error>${inside}</Error>`),
  };
}

function headersIn(details: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const { deleteMarker, versionId } = details as MarkerDetails;
  const given = details[HEADERS];
  return {
    ...(deleteMarker === true ? { "x-amz-delete-marker": "true" } : {}),
    ...(typeof versionId === "string" ? { "x-amz-version-id": versionId } : {}),
    ...(typeof given === "object" ? (given as Readonly<Record<string, string>>) : {}),
  };
}

/** What the caller is told of something that went wrong on our side. */
export function refusalOf(thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown;
  if (thrown instanceof Failure && isDiskFull(thrown)) {
    return new Refusal(
      "ServiceUnavailable",
      "There is no space left to store what was sent. Please try again later.",
      503,
    );
  }
  return new Refusal("InternalError", "We encountered an internal error. Please try again.", 500);
}

/** Refusals that several operations give, in S3's words. */
export function invalidArgument(message: string, name: string, value: string): Refusal {
  return new Refusal("InvalidArgument", message, 400, { ArgumentName: name, ArgumentValue: value });
}

export function invalidRequest(message: string): Refusal {
  return new Refusal("InvalidRequest", message, 400);
}

export function malformedXml(): Refusal {
  const message = "The XML you provided was not well-formed or did not validate against our published schema";
  return new Refusal("MalformedXML", message, 400);
}

export function notImplemented(what: string): Refusal {
  return new Refusal("NotImplemented", `${what} is not implemented here.`, 501);
}
