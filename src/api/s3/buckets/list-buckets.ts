import { optional, Refusal } from "../../../core/index.ts";
import type { S3Operation } from "../operation.ts";
import { canonicalId } from "../owner.ts";
import { openToken, sealToken } from "../page-token.ts";

const PAGE_MAX = 10_000;

/**
 * ListBuckets: those of the caller's account, by name.
 * @throws {Refusal} `InvalidArgument` for a token that is none.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html
 */
export const listBuckets: S3Operation<"ListBuckets"> = async (input, { buckets, caller }) => {
  const { Prefix, BucketRegion, ContinuationToken, MaxBuckets = PAGE_MAX } = input;
  if (MaxBuckets < 1 || MaxBuckets > PAGE_MAX) {
    throw new Refusal("InvalidArgument", `Argument max-buckets must be an integer between 1 and ${PAGE_MAX}`, 400);
  }
  const after = ContinuationToken === undefined ? "" : openToken(ContinuationToken);
  const wanted = buckets
    .all(caller.account)
    .filter(({ name }) => name > after && name.startsWith(Prefix ?? ""))
    .filter(({ region }) => BucketRegion === undefined || region === BucketRegion);
  const page = wanted.slice(0, MaxBuckets);
  const last = wanted.length > page.length ? page.at(-1) : undefined;
  const asked = Object.values(input).some((value) => value !== undefined);
  return {
    Owner: { ID: canonicalId(caller.account) },
    Buckets: page.map(({ name, createdAt, region }) => ({
      Name: name,
      CreationDate: new Date(createdAt),
      ...(asked ? { BucketRegion: region } : {}),
    })),
    ...optional("Prefix", Prefix),
    ...optional("ContinuationToken", last && sealToken(last.name)),
  };
};
