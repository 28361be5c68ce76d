import type { OperationModel } from "../../aws/index.ts";
import { invalidArgument, notImplemented } from "./errors.ts";

/** Parameters that would change what a call does, and that we do not serve: to leave them out unsaid would be a lie. */
const UNSERVED: readonly RegExp[] = [
  /^(?:CopySource)?SSECustomer/,
  /^WebsiteRedirectLocation$/,
  /^Grant(?:FullControl|Read|ReadACP|Write|WriteACP)$/,
  /^ObjectLockEventHold/,
  /^WriteOffsetBytes$/,
  /^IfMatch(?:LastModifiedTime|Size|InitiatedTime)$/,
  /^MFA$/,
  /^AnnotationDirective$/,
  /^Checksum(?:SHA512|MD5|XXHASH)/,
];

/** What a presigned URL may say of itself, and of checksums that its maker could not know. */
const OF_THE_SIGNATURE =
  /^x-amz-(?:algorithm|credential|date|expires|signedheaders|signature|security-token|content-sha256|user-agent|checksum-.*|sdk-checksum-algorithm)$/i;
/** The same of Signature Version 2, whose clients repeat the headers that they have signed. */
const OF_AN_OLD_SIGNATURE = /^(?:AWSAccessKeyId|Signature|Expires|content-md5|content-type|date)$/;
const METADATA = /^x-amz-meta-(.+)$/is;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;
/** What a header can say: a byte a character, and nothing that would end it. */
// oxlint-disable-next-line no-control-regex -- control characters are exactly what is left out
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * The input, with what a presigned URL says in its query in the place of headers: metadata. Whatever else it says there was
 * not judged.
 * @throws {Refusal} `NotImplemented`; `InvalidArgument` for what no header could say.
 */
export function refuseUnserved(
  model: OperationModel,
  input: Record<string, unknown>,
  target: string,
): Record<string, unknown> {
  for (const name of Object.keys(input)) {
    if (input[name] !== undefined && UNSERVED.some((unserved) => unserved.test(name))) {
      throw notImplemented(`The parameter ${name}`);
    }
  }
  const [, query = ""] = /\?(.*)$/s.exec(target) ?? [];
  const parameters = [...new URLSearchParams(query)];
  refuseUnknown(model, parameters);
  refuseUnspeakable(parameters);
  const metadata = metadataIn(parameters);
  if (Object.keys(metadata).length === 0) return input;
  return { ...input, Metadata: { ...metadata, ...(input["Metadata"] as Record<string, string> | undefined) } };
}

type Parameters = readonly (readonly [name: string, value: string])[];

/** S3 has promised to look away from remarks only, which begin with `x-`; what else it comes to know, we do not do. */
function refuseUnknown({ http, input }: OperationModel, parameters: Parameters): void {
  const literals = new URLSearchParams(http.uri.split("?")[1]);
  const members = (input?.members ?? []).filter(({ location }) => location === "querystring");
  for (const [name, value] of parameters) {
    if (/^x-amz-/i.test(name)) {
      if (!METADATA.test(name) && !OF_THE_SIGNATURE.test(name)) throw notImplemented(`${name} in the query`);
      if (value.startsWith("STREAMING-")) throw notImplemented(`${value} in the query`);
      continue;
    }
    const isKnown = literals.has(name) || members.some(({ wireName }) => wireName === name);
    if (isKnown || /^x-/i.test(name) || OF_AN_OLD_SIGNATURE.test(name)) continue;
    throw notImplemented(`The query parameter ${name.slice(0, 100)}`);
  }
}

/** Headers of the answer may be asked for. */
function refuseUnspeakable(parameters: Parameters): void {
  for (const [name, value] of parameters) if (name.startsWith("response-")) requireSpeakable(name, value);
}

function requireSpeakable(name: string, value: string): void {
  if (HEADER_VALUE.test(value)) return;
  throw invalidArgument("Header value cannot be represented using ISO-8859-1.", name, value);
}

/** As headers would have brought it: a character for each byte. */
function metadataIn(parameters: Parameters): Readonly<Record<string, string>> {
  const metadata: Record<string, string> = Object.create(null);
  for (const [name, value] of parameters) {
    const [, key] = METADATA.exec(name) ?? [];
    if (key === undefined) continue;
    if (!HEADER_NAME.test(key)) throw invalidArgument("Metadata must have names that headers can have.", name, value);
    const bytes = Buffer.from(value).toString("latin1");
    requireSpeakable(name, bytes);
    metadata[key.toLowerCase()] = bytes;
  }
  return metadata;
}
