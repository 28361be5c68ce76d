import type { DeleteResult } from "../../../buckets/index.ts";
import { optional } from "../../../core/index.ts";
import { quoted } from "../conditions.ts";
import type { Output, S3Operation } from "../operation.ts";
import { bucketOf } from "../owner.ts";

/**
 * DeleteObject: the version for good, or, in a bucket with versions, behind a delete marker.
 * @throws {Refusal} `AccessDenied` when Object Lock protects the version, from anybody.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html
 */
export const deleteObject: S3Operation<"DeleteObject"> = async (input, call) => {
  const { name } = bucketOf(call, input);
  const { Key, VersionId, BypassGovernanceRetention, IfMatch } = input;
  const result = await call.buckets.deleteObject(name, Key, {
    ...optional("versionId", VersionId),
    ...optional("bypassGovernance", BypassGovernanceRetention),
    ...optional("ifMatch", IfMatch === undefined || IfMatch === "*" ? IfMatch : quoted(IfMatch)),
  });
  return shownDeletion(result);
};

function shownDeletion({ versionId, deleteMarker }: DeleteResult): NonNullable<Output<"DeleteObject">> {
  return { ...optional("VersionId", versionId), ...(deleteMarker ? { DeleteMarker: true } : {}) };
}
