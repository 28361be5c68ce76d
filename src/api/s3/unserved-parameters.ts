import { notImplemented } from "./errors.ts";

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
const METADATA = /^x-amz-meta-(.+)$/i;

/**
 * The input, with what a presigned URL says in its query in the place of headers: metadata. Whatever else it says there was
 * not judged.
 * @throws {Refusal} `NotImplemented`.
 */
export function refuseUnserved(input: Record<string, unknown>, target: string): Record<string, unknown> {
  for (const name of Object.keys(input)) {
    if (input[name] !== undefined && UNSERVED.some((unserved) => unserved.test(name))) {
      throw notImplemented(`The parameter ${name}`);
    }
  }
  const [, query = ""] = /\?(.*)$/s.exec(target) ?? [];
  if (!/x-amz-/i.test(query)) return input;
  const metadata: Record<string, string> = Object.create(null);
  for (const [name, value] of new URLSearchParams(query)) {
    const [, key] = METADATA.exec(name) ?? [];
    if (key !== undefined) metadata[key.toLowerCase()] = value;
    else if (/^x-amz-/i.test(name) && !OF_THE_SIGNATURE.test(name)) throw notImplemented(`${name} in the query`);
  }
  if (Object.keys(metadata).length === 0) return input;
  return { ...input, Metadata: { ...metadata, ...(input["Metadata"] as Record<string, string> | undefined) } };
}
