import type { S3Operations } from "../../../aws/index.ts";
import { optional, Refusal } from "../../../core/index.ts";
import { quoted } from "../conditions.ts";
import { malformedXml, refusalOf } from "../errors.ts";
import type { S3Call, S3Operation } from "../operation.ts";
import { bucketOf } from "../owner.ts";

type Asked = S3Operations["DeleteObjects"]["input"]["Delete"]["Objects"][number];
type Output = NonNullable<S3Operations["DeleteObjects"]["output"]>;
type Deleted = NonNullable<Output["Deleted"]>[number];
type Problem = NonNullable<Output["Errors"]>[number];

const KEYS_MAX = 1000;
/** So many deletions are under way at once: each is made durable, and those that wait together are made so together. */
const AT_ONCE = 16;

/**
 * DeleteObjects: each key by itself; what could not be deleted is told beside what was.
 * @throws {Refusal} `MalformedXML` for no keys or more than 1,000.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
 */
export const deleteObjects: S3Operation<"DeleteObjects"> = async (input, call) => {
  const { name } = bucketOf(call, input);
  const { Objects, Quiet = false } = input.Delete;
  if (Objects.length === 0 || Objects.length > KEYS_MAX) throw malformedXml();
  const deleted: Deleted[] = [];
  const problems: Problem[] = [];
  for (let at = 0; at < Objects.length; at += AT_ONCE) {
    const outcomes = Objects.slice(at, at + AT_ONCE).map((asked) => deleteOne(name, asked, input, call));
    for (const outcome of await Promise.all(outcomes)) {
      if ("Code" in outcome) problems.push(outcome);
      else deleted.push(outcome);
    }
  }
  return {
    ...(Quiet || deleted.length === 0 ? {} : { Deleted: deleted }),
    ...(problems.length === 0 ? {} : { Errors: problems }),
  };
};

async function deleteOne(
  bucket: string,
  { Key, VersionId, ETag }: Asked,
  { BypassGovernanceRetention }: S3Operations["DeleteObjects"]["input"],
  call: S3Call,
): Promise<Deleted | Problem> {
  const named = { Key, ...optional("VersionId", VersionId) };
  try {
    const { versionId, deleteMarker } = await call.buckets.deleteObject(bucket, Key, {
      ...optional("versionId", VersionId),
      ...optional("bypassGovernance", BypassGovernanceRetention),
      ...optional("ifMatch", ETag && quoted(ETag)),
    });
    return {
      ...named,
      ...(deleteMarker ? { DeleteMarker: true, ...optional("DeleteMarkerVersionId", versionId) } : {}),
    };
  } catch (thrown) {
    // Were one key's trouble with our disk the whole call's, nobody would learn which keys are gone.
    if (!(thrown instanceof Refusal)) call.report(thrown);
    const { code, message } = refusalOf(thrown);
    return { ...named, Code: code, Message: message };
  }
}
