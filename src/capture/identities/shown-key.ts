import { decode, readQuery } from "../../aws/index.ts";
import type { CapturedHead } from "../call/captured.ts";

/** What a request shows of its credentials; nothing of it is proven. */
export interface ShownKey {
  readonly accessKeyId: string;
  /** Undefined also when the request shows two different ones. */
  readonly sessionToken?: string;
}

/** The key that a request claims, with the session token that it brings in its headers or its query. Never throws. */
export function shownKey(accessKeyId: string, { headers, query }: CapturedHead): ShownKey {
  const inHeaders = headers["x-amz-security-token"] ?? [];
  const inQuery = /token/i.test(query) ? valuesOf(TOKEN_PARAMETERS, query) : [];
  const [sessionToken, another] = new Set([...inHeaders, ...inQuery]);
  return sessionToken === undefined || another !== undefined ? { accessKeyId } : { accessKeyId, sessionToken };
}

/** In presigned URLs of Signature Version 4 and 2. */
const TOKEN_PARAMETERS: ReadonlySet<string> = new Set(["x-amz-security-token", "securitytoken"]);

/**
 * Whether a request names its key in one place only. Of two keys the upstream may take either: whoever signs with the
 * one could make a record tell of the other's holder.
 *
 * `body` is what is known of it: the forms that can name a key do so in their beginning.
 */
export function namesOneKey({ headers, query }: CapturedHead, body: Uint8Array): boolean {
  const authorizations = headers["authorization"] ?? [];
  const inHeaders = authorizations.reduce((sum, value) => sum + Math.max(1, countOf(/credential\s*=/gi, value)), 0);
  const inQuery = query === "" ? 0 : valuesOf(KEY_PARAMETERS, query).length;
  return inHeaders + inQuery + keysInForm(headers["content-type"]?.[0] ?? "", body) === 1;
}

const KEY_PARAMETERS: ReadonlySet<string> = new Set(["x-amz-credential", "awsaccesskeyid"]);

/** Query requests of old were signed in their form; browsers send multipart forms to S3. */
function keysInForm(contentType: string, body: Uint8Array): number {
  const type = contentType.trimStart().toLowerCase();
  const isMultipart = type.startsWith("multipart/form-data");
  if (!isMultipart && !type.startsWith("application/x-www-form-urlencoded") && type !== "") return 0;
  const beginning = Buffer.from(body.subarray(0, FORM_BYTES_MAX)).toString("latin1");
  return isMultipart
    ? countOf(/\bname="?(?:x-amz-credential|awsaccesskeyid)\b/gi, beginning)
    : valuesOf(KEY_PARAMETERS, beginning).length;
}

const FORM_BYTES_MAX = 64 * 1024;

/** The values of a form's parameters of these names, in whatever case and however escaped they come. */
function valuesOf(names: ReadonlySet<string>, form: string): readonly string[] {
  return readQuery(form).flatMap(([name, value]) => (names.has(decode(name).toLowerCase()) ? [decode(value)] : []));
}

function countOf(pattern: RegExp, value: string): number {
  return value.match(pattern)?.length ?? 0;
}
