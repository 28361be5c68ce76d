import { READS_WITH_RESPONSE } from "../../record/index.ts";
import { HIDDEN, type Headers, type OperationModel, parseResponse, type WireResponse } from "../../aws/index.ts";
import { Failure } from "../../core/index.ts";
import type { ResponseCall } from "./call.ts";
import type { CapturedBody, CapturedResponse } from "./captured.ts";
import { decodeBody } from "./decode-body.ts";
import type { ResponseDescription } from "./description.ts";
import { ec2Response } from "./ec2/index.ts";
import { guarded, reasonOf } from "./guarded.ts";
import { withoutHidden } from "./hidden-texts.ts";
import { omittedNote, shownOutput } from "./record-style.ts";
import { readError, type ReadError } from "./read-error.ts";
import { resourcesOf } from "./resources/index.ts";
import { SPECIAL } from "./special/index.ts";

/**
 * Says what an answer tells in the words of a record. An answer that cannot be read costs what it would have said, which
 * `additionalEventData.unparsedResponse` tells.
 */
export function describeResponse(call: ResponseCall): ResponseDescription {
  const special = SPECIAL.get(call.resolved.eventSource);
  const read = readResponse(call);
  const { wire, output } = read;
  const requestID = requestIdOf(wire);
  const generic: ResponseDescription = {
    responseElements: read.failed ? null : elementsOf(call, read),
    ...(read.failed ? errorOf(call, wire) : {}),
    ...(requestID === undefined ? {} : { requestID }),
    resources:
      special?.replaces === true
        ? call.request.resources
        : guarded(
            () => resourcesOf(call.resolved, call.request.input, output, call.place, call.model),
            call.request.resources,
          ),
    additionalEventData: read.unparsed === undefined ? {} : { unparsedResponse: read.unparsed },
    ...(output === undefined ? {} : { output }),
  };
  if (special?.response === undefined) return generic;
  const decoded = { ...call, response: { ...call.response, body: read.body } };
  return guarded(() => special.response?.(decoded, generic) ?? generic, generic);
}

interface ReadResponse {
  readonly wire: WireResponse;
  readonly body: CapturedBody;
  readonly failed: boolean;
  /** The answer was cut before its output could be read. */
  readonly cut?: boolean;
  readonly output?: Readonly<Record<string, unknown>>;
  readonly unparsed?: string;
}

const EMPTY = new Uint8Array(0);

function readResponse(call: ResponseCall): ReadResponse {
  const { response, model } = call;
  const wire: WireResponse = { status: response.status, headers: joined(response.headers), body: response.body.bytes };
  const raw = { wire, body: response.body };
  const refused = isErrorStatus(response.status, model);
  if (!refused && (model === undefined || !wantsOutput(call) || isData(model))) {
    const output = model === undefined || !wantsOutput(call) ? undefined : headOutput(call, model, wire);
    return { ...raw, failed: false, ...(output === undefined ? {} : { output }) };
  }
  const decoded = decode(response);
  if (typeof decoded === "string") {
    return { wire: { ...wire, body: EMPTY }, body: response.body, failed: refused, unparsed: decoded };
  }
  const readable = { wire: { ...wire, body: decoded.bytes }, body: decoded };
  if (refused || isErrorBody(call, decoded)) return { ...readable, failed: true };
  if (!decoded.whole) return { ...readable, failed: false, cut: true };
  return { ...readable, failed: false, ...outputOf(call, model, readable.wire) };
}

function decode({ headers, body }: CapturedResponse): CapturedBody | string {
  try {
    return decodeBody(headers, body);
  } catch (thrown) {
    return reasonOf(thrown);
  }
}

function joined(headers: Headers): Record<string, string> {
  const values: Record<string, string> = {};
  for (const name of Object.keys(headers)) values[name] = headers[name]?.join(", ") ?? "";
  return values;
}

/** Not modified is an answer, not a refusal; other redirections are S3's way to say that the bucket is elsewhere. */
function isErrorStatus(status: number, model: OperationModel | undefined): boolean {
  if (status >= 400) return true;
  return status >= 300 && status !== 304 && status !== model?.http.status;
}

/** S3 may find out that a long copy failed when it has said 200 already. */
function isErrorBody({ resolved, request }: ResponseCall, { bytes }: CapturedBody): boolean {
  if (resolved.protocol !== "rest-xml" || request.readOnly || bytes.length === 0) return false;
  return /^\s*(?:<\?xml[^>]{0,100}\?>\s*)?<Error>/.test(Buffer.from(bytes.subarray(0, 512)).toString("latin1"));
}

/** These only read, but what they answer is who the caller is from now on, or which key was used. */
const READS_WITH_OUTPUT: ReadonlySet<string> = new Set([
  "cognito-identity.amazonaws.com",
  "iam.amazonaws.com",
  "kms.amazonaws.com",
  "signin.amazonaws.com",
  "sso.amazonaws.com",
  "sts.amazonaws.com",
]);

/** What only reads may answer megabytes, and none of it is recorded. */
function wantsOutput({ request, resolved }: ResponseCall): boolean {
  return !request.readOnly || READS_WITH_OUTPUT.has(resolved.eventSource);
}

/** The body is data rather than members. */
function isData({ output }: OperationModel): boolean {
  const shape = output?.payload?.shape;
  return shape?.type === "blob" || shape?.type === "string" || (shape?.type === "structure" && shape.eventStream);
}

function headOutput(
  call: ResponseCall,
  model: OperationModel,
  wire: WireResponse,
): Record<string, unknown> | undefined {
  return outputOf(call, model, { ...wire, body: EMPTY }).output;
}

interface Output {
  readonly output?: Record<string, unknown>;
  readonly unparsed?: string;
}

function outputOf({ resolved }: ResponseCall, model: OperationModel | undefined, wire: WireResponse): Output {
  if (model === undefined) return {};
  try {
    return { output: parseResponse(model, resolved.protocol, wire) };
  } catch (thrown) {
    return { unparsed: reasonOf(thrown instanceof Failure ? thrown.cause : thrown) };
  }
}

function elementsOf(call: ResponseCall, read: ReadResponse): unknown {
  const { model, resolved, request, response } = call;
  if (request.readOnly && !READS_WITH_RESPONSE.has(resolved.eventName)) return null;
  if (read.cut === true) return omittedNote("responseElements", response.body);
  const { output } = read;
  if (model === undefined || output === undefined) return null;
  if (model.service.protocol === "ec2") {
    return guarded(() => ec2Response(model, model.output, output, requestIdOf(read.wire)), null);
  }
  return guarded(() => shownOutput(model, resolved.eventSource, output), null);
}

function errorOf({ model, resolved, request }: ResponseCall, wire: WireResponse): ReadError {
  return readError(
    {
      ...(model === undefined ? {} : { service: model.service }),
      protocol: resolved.protocol,
      eventSource: resolved.eventSource,
      hasKey: request.input?.["Key"] !== undefined,
    },
    wire,
    (message) => {
      const call = { model, eventSource: resolved.eventSource, input: request.input };
      return guarded(() => withoutHidden(message, call), HIDDEN);
    },
  );
}

const ID_HEADERS = ["x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id", "x-amz-id-2"] as const;
const ID_LENGTH_MAX = 256;

/** In headers in most protocols; query, ec2 and rest-xml say it in the body too, and some servers only there. */
function requestIdOf({ headers, body }: WireResponse): string | undefined {
  for (const name of ID_HEADERS) {
    const id = headers[name];
    if (id) return id.slice(0, ID_LENGTH_MAX);
  }
  if (body.length === 0 || !/xml/i.test(headers["content-type"] ?? "xml")) return undefined;
  return ID_ELEMENT.exec(ends(body))?.[1];
}

const ID_ELEMENT = /<[Rr]equest(?:Id|ID)>([\w-]{1,128})<\/[Rr]equest(?:Id|ID)>/;

/** The element stands first in ec2 and last in query. */
function ends(body: Uint8Array): string {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return text.length <= 4096
    ? text.toString("latin1")
    : text.toString("latin1", 0, 2048) + text.toString("latin1", text.length - 2048);
}
