import { decode, readQuery } from "../../aws/index.ts";
import type { CapturedHead } from "../call/captured.ts";

/** The key that a request claims to be signed with; nothing of it is proven. */
export interface ClaimedKey {
  readonly accessKeyId: string;
  readonly form: "header" | "presigned" | "sigv4a" | "sigv2-header" | "sigv2-query" | "post-policy";
  /** The service in the signature's scope, as it stands there. */
  readonly signingName?: string;
  readonly region?: string;
}

/**
 * The first key that a request names, however broken the rest of its signature may be. Never throws.
 * `formPrefix` is the beginning of the body: where forms that browsers send to S3, and query requests of old, have it.
 */
export function claimedKey(head: CapturedHead, formPrefix?: Uint8Array): ClaimedKey | undefined {
  const authorization = head.headers["authorization"]?.[0];
  return (
    (authorization === undefined ? undefined : inHeader(authorization)) ??
    inQuery(head.query) ??
    (formPrefix === undefined ? undefined : inForm(head, formPrefix))
  );
}

function inHeader(authorization: string): ClaimedKey | undefined {
  const version2 = /^AWS ([^\s:]+):/.exec(authorization)?.[1];
  if (version2 !== undefined) return known(version2, "sigv2-header");
  const credential = /^AWS4-[^,]*?\bCredential=([^,\s]+)/.exec(authorization)?.[1];
  return ofCredential(credential, authorization.startsWith(ECDSA) ? "sigv4a" : "header");
}

function inQuery(query: string): ClaimedKey | undefined {
  if (!/(?:^|&)(?:X-Amz-Credential|AWSAccessKeyId)=/.test(query)) return undefined;
  const parameters = new Map(readQuery(query));
  const form = parameters.get("X-Amz-Algorithm")?.startsWith(ECDSA) === true ? "sigv4a" : "presigned";
  return (
    ofCredential(decoded(parameters.get("X-Amz-Credential")), form) ??
    known(decoded(parameters.get("AWSAccessKeyId")), "sigv2-query")
  );
}

const ECDSA = "AWS4-ECDSA-P256-SHA256";

function inForm(head: CapturedHead, formPrefix: Uint8Array): ClaimedKey | undefined {
  const type = head.headers["content-type"]?.[0]?.toLowerCase() ?? "";
  const text = Buffer.from(formPrefix.subarray(0, FORM_BYTES_MAX)).toString("latin1");
  if (type.startsWith("application/x-www-form-urlencoded")) return inQuery(text);
  if (!type.startsWith("multipart/form-data")) return undefined;
  return (
    ofCredential(field(text, "x-amz-credential"), "post-policy") ?? known(field(text, "awsaccesskeyid"), "post-policy")
  );
}

/** The fields of such a form come before its file; together AWS allows them 20 KB. */
const FORM_BYTES_MAX = 64 * 1024;

/** The value of a multipart field, by its name in lower case. */
function field(text: string, name: string): string | undefined {
  return new RegExp(`\\bname="?${name}"?\\s*\\r\\n(?:[^\\r\\n]+\\r\\n){0,8}\\r\\n([^\\r\\n]{1,512})\\r\\n`, "i").exec(
    text,
  )?.[1];
}

/** `KEY/20260101/us-east-1/s3/aws4_request`; without the Region in SigV4A, which is for several. */
function ofCredential(credential: string | undefined, form: ClaimedKey["form"]): ClaimedKey | undefined {
  if (credential === undefined) return undefined;
  const [accessKeyId, , ...scope] = credential.split("/");
  const [region, signingName] = form === "sigv4a" ? [undefined, scope[0]] : scope;
  const key = known(accessKeyId, form);
  if (key === undefined) return undefined;
  return { ...key, ...(clean(signingName) ? { signingName } : {}), ...(clean(region) ? { region } : {}) };
}

/** Longer ones, and such with characters that no key has, are not repeated into a record. */
function known(accessKeyId: string | undefined, form: ClaimedKey["form"]): ClaimedKey | undefined {
  return accessKeyId !== undefined && /^[\x21-\x7e]{1,128}$/.test(accessKeyId) ? { accessKeyId, form } : undefined;
}

function clean(name: string | undefined): name is string {
  return name !== undefined && /^[A-Za-z0-9_.-]{1,64}$/.test(name);
}

function decoded(value: string | undefined): string | undefined {
  return value === undefined ? undefined : decode(value);
}
