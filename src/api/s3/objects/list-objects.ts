import type { ListedKeys } from "../../../buckets/index.ts";
import { optional } from "../../../core/index.ts";
import { keyWriter, pageLimit, requireKnownAttributes, shownEntry, shownPrefixes } from "../listing.ts";
import type { Input, S3Call, S3Operation } from "../operation.ts";
import { bucketOf, canonicalId } from "../owner.ts";
import { openToken, sealToken } from "../page-token.ts";

/**
 * ListObjects, the first version: pages are asked for by the last key of the one before.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html
 */
export const listObjects: S3Operation<"ListObjects"> = async (input, call) => {
  const { Marker = "" } = input;
  const owner = { Owner: { ID: canonicalId(bucketOf(call, input).account) } };
  const { limit, page, write } = await listPage(input, Marker, call);
  return {
    ...echoed(input, limit),
    Marker: write(Marker),
    // Without a delimiter the last key says as much.
    ...optional("NextMarker", input.Delimiter && page.next && write(page.next)),
    IsTruncated: page.next !== undefined,
    Contents: page.objects.map((version) => ({ ...shownEntry(version, write), ...owner })),
    CommonPrefixes: shownPrefixes(page.commonPrefixes, write),
  };
};

/**
 * ListObjectsV2. A token goes before `StartAfter`.
 * @throws {Refusal} `InvalidArgument` for a token that is none.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
export const listObjectsV2: S3Operation<"ListObjectsV2"> = async (input, call) => {
  const { ContinuationToken, StartAfter = "", FetchOwner = false } = input;
  const { account } = bucketOf(call, input);
  const owner = FetchOwner ? { Owner: { ID: canonicalId(account) } } : {};
  const after = ContinuationToken === undefined ? StartAfter : openToken(ContinuationToken);
  const { limit, page, write } = await listPage(input, after, call);
  return {
    ...echoed(input, limit),
    KeyCount: page.objects.length + page.commonPrefixes.length,
    ...optional("StartAfter", input.StartAfter && write(input.StartAfter)),
    ...optional("ContinuationToken", ContinuationToken),
    ...optional("NextContinuationToken", page.next && sealToken(page.next)),
    IsTruncated: page.next !== undefined,
    Contents: page.objects.map((version) => ({ ...shownEntry(version, write), ...owner })),
    CommonPrefixes: shownPrefixes(page.commonPrefixes, write),
  };
};

type Asked = Pick<
  Input<"ListObjectsV2">,
  "Bucket" | "Prefix" | "Delimiter" | "MaxKeys" | "EncodingType" | "OptionalObjectAttributes"
>;

async function listPage(
  input: Asked,
  startAfter: string,
  { buckets }: S3Call,
): Promise<{ readonly limit: number; readonly page: ListedKeys; readonly write: (key: string) => string }> {
  requireKnownAttributes(input.OptionalObjectAttributes);
  const limit = pageLimit(input.MaxKeys, "maxKeys");
  const write = keyWriter(input.EncodingType);
  const listing = {
    prefix: input.Prefix ?? "",
    startAfter,
    limit,
    ...optional("delimiter", input.Delimiter || undefined),
  };
  return { limit, page: await buckets.list(input.Bucket, listing), write };
}

/** What was asked for, told again. */
function echoed(
  input: Asked,
  limit: number,
): {
  readonly Name: string;
  readonly Prefix: string;
  readonly MaxKeys: number;
  readonly Delimiter?: string;
  readonly EncodingType?: string;
} {
  const write = keyWriter(input.EncodingType);
  return {
    Name: input.Bucket,
    Prefix: write(input.Prefix ?? ""),
    MaxKeys: limit,
    ...optional("Delimiter", input.Delimiter && write(input.Delimiter)),
    ...optional("EncodingType", input.EncodingType),
  };
}
