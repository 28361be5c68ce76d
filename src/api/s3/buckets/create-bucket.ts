import { Refusal } from "../../../core/index.ts";
import { invalidArgument } from "../errors.ts";
import type { Input, S3Operation } from "../operation.ts";
import { BUCKET_TAGS_MAX, tagsOf } from "../tags.ts";
import { Answer } from "../answer.ts";
import { putDocument } from "./documents.ts";

/** The Region whose endpoint makes buckets in every Region, and takes no constraint for its own. */
const FIRST_REGION = "us-east-1";
const REGION = /^[a-z]{2}(?:-[a-z]+)+-\d$/;

/**
 * CreateBucket: in the Region of the call, which has to be named unless it is us-east-1.
 * @throws {Refusal} `BucketAlreadyExists`, `BucketAlreadyOwnedByYou`, `InvalidBucketName`, `InvalidLocationConstraint`,
 *   `IllegalLocationConstraintException`, `InvalidBucketAclWithObjectOwnership`.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
 */
export const createBucket: S3Operation<"CreateBucket"> = async (input, { buckets, caller, region }) => {
  const { Bucket, ObjectLockEnabledForBucket = false, CreateBucketConfiguration: configuration } = input;
  const ownership = ownershipFrom(input);
  const tags = configuration?.Tags ?? [];
  tagsOf(tags, BUCKET_TAGS_MAX);
  // In us-east-1 one may create what one has, and changes nothing by it.
  const isNew = !buckets.has(Bucket);
  await buckets.create(Bucket, {
    account: caller.account,
    region: regionFrom(configuration?.LocationConstraint, region),
    objectLock: ObjectLockEnabledForBucket,
  });
  if (isNew && ownership !== undefined) await putDocument(buckets, Bucket, "ownershipControls", ownership);
  if (isNew && tags.length > 0) await putDocument(buckets, Bucket, "tagging", tags);
  return new Answer({ Location: `/${Bucket}` }, {});
};

function regionFrom(constraint: string | undefined, region: string): string {
  if (constraint === undefined || constraint === "") {
    if (region === FIRST_REGION) return region;
    throw illegalConstraint("unspecified");
  }
  const named = constraint === "EU" ? "eu-west-1" : constraint;
  if (named === FIRST_REGION || !REGION.test(named)) {
    throw new Refusal("InvalidLocationConstraint", "The specified location-constraint is not valid", 400, {
      LocationConstraint: constraint,
    });
  }
  if (region !== FIRST_REGION && region !== named) throw illegalConstraint(constraint);
  return named;
}

function illegalConstraint(constraint: string): Refusal {
  const message = `The ${constraint} location constraint is incompatible for the region specific endpoint this request was sent to.`;
  return new Refusal("IllegalLocationConstraintException", message, 400);
}

/** What is kept of who owns objects; nothing when it is as it is without being said. */
function ownershipFrom({ ACL = "private", ObjectOwnership }: Input<"CreateBucket">): unknown {
  const ownership = ObjectOwnership ?? "BucketOwnerEnforced";
  if (!OWNERSHIPS.has(ownership)) {
    throw invalidArgument("Invalid x-amz-object-ownership header", "x-amz-object-ownership", ownership);
  }
  if (ACL !== "private") {
    throw new Refusal(
      "InvalidBucketAclWithObjectOwnership",
      "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
      400,
    );
  }
  return ObjectOwnership === undefined ? undefined : { Rules: [{ ObjectOwnership }] };
}

export const OWNERSHIPS: ReadonlySet<string> = new Set(["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"]);
