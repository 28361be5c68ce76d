import type { Bucket, ObjectVersion } from "../../../buckets/index.ts";
import { optional } from "../../../core/index.ts";
import { Answer, type AnswerParts, type Content } from "../answer.ts";
import { judge, preconditionFailed, type Verdict } from "../conditions.ts";
import { invalidRequest } from "../errors.ts";
import { shownObject, shownVersionId } from "../object-facts.ts";
import type { Input, Output, S3Operation } from "../operation.ts";
import { bucketOf } from "../owner.ts";
import { type ByteRange, parseRange, partRange } from "../range.ts";

type Asked = Input<"GetObject"> & Input<"HeadObject">;
type Told = NonNullable<Output<"HeadObject">>;

/**
 * GetObject: the version as it is when it is found, whatever becomes of its key while it is read.
 * @throws {Refusal} `NoSuchKey`, `NoSuchVersion`, `MethodNotAllowed` for a delete marker, `PreconditionFailed`, `InvalidRange`.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
export const getObject: S3Operation<"GetObject"> = async (input, call) => {
  const bucket = bucketOf(call, input);
  const object = await call.buckets.open(bucket.name, input.Key, input.VersionId);
  try {
    const { version } = object;
    const verdict = requireConditions(input, version);
    if (verdict.kind === "not modified") {
      object.close();
      return notModified(bucket, version);
    }
    const range = rangeOf(input, version);
    const size = sizeOf(range, version);
    const content: Content = {
      size,
      stream: range === undefined ? object.stream() : object.stream(range.start, range.end),
      close: () => object.close(),
    };
    return found(bucket, version, input, range, { content });
  } catch (thrown) {
    object.close();
    throw thrown;
  }
};

/** HeadObject: what GetObject would say of it. */
export const headObject: S3Operation<"HeadObject"> = async (input, call) => {
  const bucket = bucketOf(call, input);
  const version = await call.buckets.version(bucket.name, input.Key, input.VersionId);
  const verdict = requireConditions(input, version);
  if (verdict.kind === "not modified") return notModified(bucket, version);
  return found(bucket, version, input, rangeOf(input, version), {});
};

function requireConditions(input: Asked, version: ObjectVersion): Verdict {
  const verdict = judge(input, version);
  if (verdict.kind === "failed") throw preconditionFailed(verdict.condition);
  return verdict;
}

/** What a cache must know to go on with what it has (RFC 9110 section 15.4.5). */
function notModified(bucket: Bucket, version: ObjectVersion): Answer<Told> {
  const { "cache-control": CacheControl, expires: Expires } = version.headers;
  const told = {
    ETag: version.etag,
    LastModified: new Date(version.lastModified),
    ...shownVersionId(bucket, version),
    ...optional("CacheControl", CacheControl),
    ...optional("Expires", Expires),
  };
  return new Answer(told, { status: 304 });
}

function rangeOf({ Range, PartNumber }: Asked, { size, parts }: ObjectVersion): ByteRange | undefined {
  if (PartNumber === undefined) return parseRange(Range, size);
  if (Range !== undefined) throw invalidRequest("Cannot specify both Range header and partNumber query parameter");
  return partRange(PartNumber, size, parts);
}

function sizeOf(range: ByteRange | undefined, { size }: ObjectVersion): number {
  return range === undefined ? size : range.end - range.start + 1;
}

function found(
  bucket: Bucket,
  version: ObjectVersion,
  input: Asked,
  range: ByteRange | undefined,
  more: AnswerParts,
): Answer<Told> {
  const isWhole = range === undefined;
  const told: Told = {
    ...shownObject(bucket, version, isWhole && input.ChecksumMode === "ENABLED"),
    ...overrides(input),
    ContentLength: sizeOf(range, version),
    ...(isWhole ? {} : { ContentRange: contentRange(range, version.size) }),
    ...(input.PartNumber === undefined ? {} : optional("PartsCount", version.parts?.length)),
  };
  return new Answer(told, { ...more, status: isWhole ? 200 : 206 });
}

/** Part 1 of an object without any bytes has no first and no last one. */
function contentRange({ start, end }: ByteRange, size: number): string {
  return size === 0 ? `bytes */0` : `bytes ${start}-${end}/${size}`;
}

/** `response-content-type` and its like take the place of what is kept with the object. */
function overrides(input: Asked): Told {
  return {
    ...optional("CacheControl", input.ResponseCacheControl),
    ...optional("ContentDisposition", input.ResponseContentDisposition),
    ...optional("ContentEncoding", input.ResponseContentEncoding),
    ...optional("ContentLanguage", input.ResponseContentLanguage),
    ...optional("ContentType", input.ResponseContentType),
    ...optional("Expires", input.ResponseExpires?.toUTCString()),
  };
}
