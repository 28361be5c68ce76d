/**
 * S3 in CloudTrail's records: requestParameters made of the address, the query, the headers and the XML or policy in the
 * body; responseElements of headers; transfer data beside them. Also S3 Control, and directory buckets.
 */
import { headerValue, s3Address } from "../../../../aws/index.ts";
import type { RecordResource } from "../../../../record/index.ts";
import { s3Resources } from "../../resources/index.ts";
import type { RequestCall, ResponseCall } from "../../call.ts";
import type { RequestDescription, ResponseDescription } from "../../description.ts";
import type { SpecialService } from "../special.ts";
import { bodyParameters, headerParameters, queryParameters, withoutSecrets } from "./parameters.ts";
import { postForm } from "./post-form.ts";
import { signatureData } from "./signature.ts";
import { xmlMembers } from "./xml-members.ts";

export { deletedObjects } from "./deleted-objects.ts";
export type { DeletedObject } from "./deleted-objects.ts";

export const S3: SpecialService = { replaces: true, request: describeRequest, response: describeResponse };

interface Subject {
  readonly bucketName?: string;
  readonly key?: string;
}

function describeRequest(call: RequestCall, generic: RequestDescription): RequestDescription {
  const query = queryParameters(call.head);
  const form = postForm(call.head, call.body);
  const subject = subjectOf(call, form);
  const host = headerValue(call.head.headers, "host");
  const address = { ...subject, ...(host !== undefined && { Host: host }) };
  return {
    ...generic,
    requestParameters: nullIfEmpty({
      // Named here for the order, and again below: no parameter of the client's may pass for the address.
      ...address,
      ...withoutAddress(withoutSecrets(query)),
      ...headerParameters(call.head),
      ...bodyParameters(call),
      ...withoutAddress(withoutSecrets(form ?? new Map())),
      ...labels(call, generic),
      // Of what nobody knows, the verb is all that tells whether it meant to change something.
      ...(call.resolved.operation === undefined && form === undefined && { method: call.head.method }),
      ...address,
    }),
    resources: resourcesOf(call, subject, query),
    additionalEventData: {
      ...generic.additionalEventData,
      ...signatureData(call.head, query, form),
      bytesTransferredIn: bytesIn(call),
    },
  };
}

function isControl({ resolved }: RequestCall): boolean {
  return resolved.service?.id === "s3control";
}

function subjectOf(call: RequestCall, form: ReadonlyMap<string, string> | undefined): Subject {
  if (isControl(call)) return {};
  const { head, place, model } = call;
  const { bucket, key } = s3Address(headerValue(head.headers, "host") ?? "", head.path, place.bucketHosts);
  if (bucket === undefined || (model !== undefined && model.input?.byName.has("Bucket") !== true)) return {};
  const posted = key ?? form?.get("key");
  return { bucketName: bucket, ...(posted !== undefined && { key: posted }) };
}

function withoutAddress(parameters: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { bucketName: _bucket, Host: _host, key: _key, ...others } = parameters;
  return others;
}

/** S3 Control names things in its paths; no query, header or body repeats them. */
function labels(call: RequestCall, { input }: RequestDescription): Readonly<Record<string, string>> {
  if (!isControl(call) || input === undefined) return {};
  const found: Record<string, string> = {};
  for (const { name, location } of call.model?.input?.members ?? []) {
    const value = location === "uri" ? input[name] : undefined;
    if (typeof value === "string") found[name.charAt(0).toLowerCase() + name.slice(1)] = value;
  }
  return found;
}

/** Calls whose first resource is the beginning of ARNs: those that list, and the one that lists what it deletes. */
const LISTING: readonly (string | undefined)[] = [
  "ListObjects",
  "ListObjectsV2",
  "ListObjectVersions",
  "DeleteObjects",
];

/** A bucket that is about to be made is not yet a resource. */
function resourcesOf(
  { resolved, place }: RequestCall,
  { bucketName, key }: Subject,
  query: ReadonlyMap<string, string>,
): readonly RecordResource[] {
  if (bucketName === undefined || resolved.operation === "CreateBucket") return [];
  const lists = LISTING.includes(resolved.operation);
  return s3Resources(
    { bucket: bucketName, ...(key !== undefined && { key }), ...(lists && { prefix: query.get("prefix") ?? "" }) },
    resolved.eventSource,
    place,
  );
}

/** Of an aws-chunked upload the size of the object, not of its frames; any other one has as many bytes as came. */
function bytesIn({ head, body }: RequestCall): number {
  const { headers } = head;
  const streams = headerValue(headers, "x-amz-content-sha256")?.startsWith("STREAMING-") === true;
  const isFramed = streams || headerValue(headers, "content-encoding")?.includes("aws-chunked") === true;
  const decoded = isFramed ? headerValue(headers, "x-amz-decoded-content-length") : undefined;
  return decoded !== undefined && /^\d{1,15}$/.test(decoded) ? Number(decoded) : body.size;
}

/** Headers of an answer to a write that are part of it. */
const ELEMENTS =
  /^x-amz-(?:server-side-encryption(?:-aws-kms-key-id|-context|-bucket-key-enabled|-customer-algorithm)?|version-id|delete-marker|expiration|copy-source-version-id|abort-date|abort-rule-id|restore-output-path|request-charged)$/;

/** Calls whose answer names what they made. */
const RESULTS: readonly (string | undefined)[] = [
  "CreateMultipartUpload",
  "CompleteMultipartUpload",
  "CopyObject",
  "UploadPartCopy",
];

function describeResponse(call: ResponseCall, generic: ResponseDescription): ResponseDescription {
  const { response, request } = call;
  const requestID = headerValue(response.headers, "x-amz-request-id") ?? generic.requestID;
  const hostID = headerValue(response.headers, "x-amz-id-2");
  const writes = !request.readOnly && generic.errorCode === undefined;
  const encryption = writes ? encryptionApplied(call) : undefined;
  return {
    ...generic,
    ...(requestID !== undefined && { requestID }),
    responseElements: writes ? responseElements(call) : null,
    resources: request.resources,
    additionalEventData: {
      ...generic.additionalEventData,
      ...(encryption !== undefined && { SSEApplied: encryption }),
      ...(hostID !== undefined && { "x-amz-id-2": hostID }),
      bytesTransferredOut: response.body.size,
    },
  };
}

function responseElements({ resolved, response }: ResponseCall): unknown {
  const headers = Object.keys(response.headers)
    .filter((name) => ELEMENTS.test(name))
    .map((name) => [name, headerValue(response.headers, name)]);
  const result = RESULTS.includes(resolved.operation) && response.body.whole ? xmlMembers(response.body.bytes) : {};
  // A long copy begins its answer before it knows how it ends: status 200 may hold an error.
  return nullIfEmpty({ ...Object.fromEntries(headers), ...(result?.["Error"] === undefined && result) });
}

const ENCRYPTION: ReadonlyMap<string | undefined, string> = new Map([
  ["AES256", "SSE_S3"],
  ["aws:kms", "SSE_KMS"],
  ["aws:kms:dsse", "DSSE_KMS"],
]);

/** How what was written is encrypted: by the request's will, or because the bucket does so by default. */
function encryptionApplied({ request, response }: ResponseCall): string | undefined {
  const { headers } = response;
  if (headerValue(headers, "x-amz-server-side-encryption-customer-algorithm") !== undefined) return "SSE_C";
  const applied = ENCRYPTION.get(headerValue(headers, "x-amz-server-side-encryption"));
  if (applied === undefined) return undefined;
  const asked = Object.hasOwn(Object(request.requestParameters), "x-amz-server-side-encryption");
  return asked ? applied : `Default_${applied}`;
}

function nullIfEmpty(members: Readonly<Record<string, unknown>>): unknown {
  return Object.keys(members).length === 0 ? null : members;
}
