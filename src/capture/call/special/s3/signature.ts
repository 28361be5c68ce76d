import { headerValue } from "../../../../aws/index.ts";
import type { CapturedHead } from "../../captured.ts";

/**
 * How a request to S3 is signed, in the words of a record; empty when it is not signed at all. A form carries its signature
 * in its fields, for which CloudTrail has no AuthenticationMethod.
 */
export function signatureData(
  head: CapturedHead,
  query: ReadonlyMap<string, string>,
  form: ReadonlyMap<string, string> | undefined,
): { readonly SignatureVersion?: string; readonly AuthenticationMethod?: string } {
  const authorization = headerValue(head.headers, "authorization");
  if (authorization !== undefined) {
    return { SignatureVersion: versionOf(authorization), AuthenticationMethod: "AuthHeader" };
  }
  const presigned = signedFields(query);
  if (presigned !== undefined) return { SignatureVersion: presigned, AuthenticationMethod: "QueryString" };
  const posted = form === undefined ? undefined : signedFields(form);
  return posted === undefined ? {} : { SignatureVersion: posted };
}

function signedFields(fields: ReadonlyMap<string, string>): string | undefined {
  const names = new Map([...fields].map(([name, value]) => [name.toLowerCase(), value]));
  const algorithm = names.get("x-amz-algorithm");
  if (algorithm !== undefined) return versionOf(algorithm);
  return names.has("awsaccesskeyid") && names.has("signature") ? "SigV2" : undefined;
}

function versionOf(algorithm: string): string {
  if (algorithm.startsWith("AWS4-ECDSA-")) return "SigV4A";
  return algorithm.startsWith("AWS4-") ? "SigV4" : "SigV2";
}
