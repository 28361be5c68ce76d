import type { RecordResource, UserIdentity } from "../../record/index.ts";
import type { Place } from "./adapter.ts";
import { redacted } from "./redact.ts";
import { name, object, type Values } from "./values.ts";

export const S3 = "s3.amazonaws.com";

/** What a bucket's owner sees of a caller without credentials. */
const ANONYMOUS: UserIdentity = { type: "AWSAccount", principalId: "", accountId: "ANONYMOUS_PRINCIPAL" };

/** Who it was when nobody proved to be somebody: the key that a signature claimed, or a caller without any. */
export function unprovenIdentity(authorization: string | undefined, query: Values): UserIdentity {
  if (signing(authorization, query).AuthenticationMethod === undefined) return ANONYMOUS;
  const inHeader = /(?:Credential=|^AWS )([^/:,\s]{1,128})/.exec(authorization ?? "")?.[1];
  const claimed = inHeader ?? name(query["X-Amz-Credential"])?.split("/")[0] ?? name(query["AWSAccessKeyId"]);
  return claimed === undefined ? { type: "Unknown" } : { type: "Unknown", accessKeyId: claimed };
}

/** Longer than any bucket and key may be: then it is no such resource. */
const RESOURCE_LENGTH_MAX = 2048;
const RESOURCES_MAX = 100;

/** The resources of a call of S3, objects first, in CloudTrail's form. */
export function s3Resources(
  eventName: string,
  bucket: string | undefined,
  keys: readonly string[],
  place: Place,
): readonly RecordResource[] {
  if (bucket === undefined || bucket.length > RESOURCE_LENGTH_MAX) return [];
  const ARN = `arn:aws:s3:::${bucket}`;
  const objects = keys
    .filter((key) => key.length <= RESOURCE_LENGTH_MAX)
    .slice(0, RESOURCES_MAX - 1)
    .map((key): RecordResource => ({ type: "AWS::S3::Object", ARN: `${ARN}/${key}` }));
  const listed: RecordResource[] = eventName.startsWith("ListObject")
    ? [{ type: "AWS::S3::Object", ARNPrefix: `${ARN}/` }]
    : [];
  return [...listed, ...objects, { accountId: place.account, type: "AWS::S3::Bucket", ARN }];
}

/**
 * What a call was about, and its query's members as CloudTrail shows them, each under its own name, secrets hidden. A query
 * is a client's text: it may not take the place of what the log says itself.
 */
export function withQuery(told: Values, query: Values): Values {
  const texts = Object.entries(query).filter(
    ([member, value]) => !Object.hasOwn(told, member) && (typeof value === "string" || Array.isArray(value)),
  );
  const shown = redacted(Object.fromEntries(texts), (_, value) => (value === "" ? "show" : undefined));
  return { ...told, ...object(shown) };
}

/** How a request was signed, as `additionalEventData` tells it. */
export function signing(
  authorization: string | undefined,
  query: Values,
): { readonly SignatureVersion?: string; readonly AuthenticationMethod?: string } {
  if (authorization !== undefined) {
    return {
      ...(authorization.startsWith("AWS4-") ? { SignatureVersion: "SigV4" } : {}),
      ...(authorization.startsWith("AWS ") ? { SignatureVersion: "SigV2" } : {}),
      AuthenticationMethod: "AuthHeader",
    };
  }
  if ("X-Amz-Signature" in query) return { SignatureVersion: "SigV4", AuthenticationMethod: "QueryString" };
  if ("Signature" in query) return { SignatureVersion: "SigV2", AuthenticationMethod: "QueryString" };
  return {};
}
