import type { S3Operations } from "../../aws/index.ts";
import type { Bucket } from "../../buckets/index.ts";
import { Refusal } from "../../core/index.ts";
import { requireOwnersAcl } from "./object-request.ts";
import type { S3Operation } from "./operation.ts";
import { bucketOf, canonicalId } from "./owner.ts";

type Acl = NonNullable<S3Operations["GetBucketAcl"]["output"]>;
type GivenAcl = S3Operations["PutBucketAcl"]["input"];

/** There is one access control list: the bucket's owner has full control of it and of all objects. */
function ownersAcl({ account }: Bucket): Acl {
  const ID = canonicalId(account);
  return { Owner: { ID }, Grants: [{ Grantee: { ID, Type: "CanonicalUser" }, Permission: "FULL_CONTROL" }] };
}

/** @throws {Refusal} `AccessControlListNotSupported` for any other list. */
function requireOwners(
  { ACL, AccessControlPolicy }: Pick<GivenAcl, "ACL" | "AccessControlPolicy">,
  bucket: Bucket,
): void {
  requireOwnersAcl(ACL);
  const grants = AccessControlPolicy?.Grants ?? [];
  const own = canonicalId(bucket.account);
  const isOwners = grants.every(({ Grantee, Permission }) => Grantee?.ID === own && Permission === "FULL_CONTROL");
  if (!isOwners) throw new Refusal("AccessControlListNotSupported", "The bucket does not allow ACLs", 400);
}

export const getBucketAcl: S3Operation<"GetBucketAcl"> = async (input, call) => ownersAcl(bucketOf(call, input));

export const putBucketAcl: S3Operation<"PutBucketAcl"> = async (input, call) => {
  requireOwners(input, bucketOf(call, input));
  return undefined;
};

export const getObjectAcl: S3Operation<"GetObjectAcl"> = async (input, call) => {
  const bucket = bucketOf(call, input);
  await call.buckets.version(bucket.name, input.Key, input.VersionId);
  return ownersAcl(bucket);
};

export const putObjectAcl: S3Operation<"PutObjectAcl"> = async (input, call) => {
  const bucket = bucketOf(call, input);
  await call.buckets.version(bucket.name, input.Key, input.VersionId);
  requireOwners(input, bucket);
  return {};
};
