import type { CallOrigin } from "../../capture/index.ts";
import { Refusal } from "../../core/index.ts";
import { parseSource } from "./copy-source.ts";

const ABSENT: ReadonlySet<string> = new Set(["NoSuchKey", "NoSuchVersion"]);

/**
 * The refusal as the caller is told it: that an object is not there is for those to know who may list its bucket.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
export async function withoutAbsence(
  refusal: Refusal,
  { input, mayList }: Pick<CallOrigin, "input" | "mayList">,
): Promise<Refusal> {
  if (!ABSENT.has(refusal.code) || (await mayList(bucketOf(input)))) return refusal;
  return new Refusal("AccessDenied", "Access Denied", 403);
}

/** Of a copy, the one that is read: of the target nobody is told that it is not there. */
function bucketOf({ Bucket, CopySource }: CallOrigin["input"]): string {
  return typeof CopySource === "string" ? parseSource(CopySource).bucket : String(Bucket);
}
