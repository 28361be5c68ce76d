import { headerValue, type OperationModel } from "../../../../aws/index.ts";
import type { RequestCall } from "../../call.ts";
import type { CapturedBody, CapturedHead } from "../../captured.ts";
import { xmlMembers } from "./xml-members.ts";

/** What opens something, in a header, a query parameter or a field of a form: keys, tokens, signatures, one-time codes. */
const SECRET =
  /^(?:x-amz-(?:security-token|credential|signature|mfa|s3session-token|request-token|request-route|bucket-object-lock-token|(?:copy-source-)?server-side-encryption-customer-key(?:-md5)?)|signature|awsaccesskeyid|policy)$/i;

/** Headers that sign or frame the request, and what the object's owner may store beside it: no parameters of the call. */
const NOT_A_PARAMETER =
  /^x-amz-(?:account-id|date|content-sha256|decoded-content-length|trailer|te|user-agent|meta-.*|target|cf-id|id-2|request-id)$/;

/**
 * What DeleteObjects and CompleteMultipartUpload list in their bodies is not in CloudTrail's records: the one has a record
 * per key, the other's parts have their own.
 */
const UNSHOWN_BODIES: readonly (string | undefined)[] = ["DeleteObjects", "CompleteMultipartUpload"];

/** Decoded query parameters by name; of a name that stands twice the last. What is not percent-encoded stays as it came. */
export function queryParameters(head: CapturedHead): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const pair of head.query.split("&")) {
    const equals = pair.indexOf("=");
    const name = decoded(equals < 0 ? pair : pair.slice(0, equals));
    if (name !== "") found.set(name, equals < 0 ? "" : decoded(pair.slice(equals + 1)));
  }
  return found;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch (cause) {
    if (cause instanceof URIError) return text;
    throw cause;
  }
}

/** Query parameters and fields of a form, as requestParameters has them. A bucket's policy is asked for as `?policy`. */
export function withoutSecrets(fields: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  return Object.fromEntries([...fields].filter(([name, value]) => !SECRET.test(name) || value === ""));
}

/** Headers that are parameters of the call, verbatim. */
export function headerParameters(head: CapturedHead): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.keys(head.headers)
      .filter((name) => name.startsWith("x-amz-") && !SECRET.test(name) && !NOT_A_PARAMETER.test(name))
      .map((name) => [name, headerValue(head.headers, name) ?? ""]),
  );
}

/** A body that is a parameter of the call: XML by its root element, a bucket's policy as `bucketPolicy`. */
export function bodyParameters({ model, body }: RequestCall): Readonly<Record<string, unknown>> {
  if (model === undefined || !body.whole || body.bytes.length === 0) return {};
  if (UNSHOWN_BODIES.includes(model.name)) return {};
  if (isPolicy(model)) return { bucketPolicy: policyOf(body) };
  return takesXml(model) ? (xmlMembers(body.bytes) ?? {}) : {};
}

function isPolicy({ input }: OperationModel): boolean {
  return input?.payload?.name === "Policy" && input.payload.shape.type === "string";
}

function takesXml({ input }: OperationModel): boolean {
  if (input === undefined) return false;
  if (input.payload !== undefined) return input.payload.shape.type === "structure";
  return input.members.some((member) => member.location === undefined);
}

/** Deeper than any policy is, and shallow enough for whoever writes the record. */
const POLICY_DEPTH_MAX = 32;

function policyOf(body: CapturedBody): unknown {
  const text = new TextDecoder().decode(body.bytes);
  try {
    const policy: unknown = JSON.parse(text);
    return isDeeperThan(POLICY_DEPTH_MAX, policy) ? text : policy;
  } catch (cause) {
    // S3 will refuse it; who tried what is still worth its record.
    if (cause instanceof SyntaxError) return text;
    throw cause;
  }
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((part) => isDeeperThan(levels - 1, part));
}
