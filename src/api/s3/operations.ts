import { getBucketAcl, getObjectAcl, putBucketAcl, putObjectAcl } from "./access-control-lists.ts";
import { deleteBucket, getBucketLocation, headBucket } from "./buckets/bucket-basics.ts";
import { deleteBucketEncryption, getBucketEncryption, putBucketEncryption } from "./buckets/bucket-encryption.ts";
import {
  deleteBucketPolicy,
  getBucketPolicy,
  getBucketPolicyStatus,
  putBucketPolicy,
} from "./buckets/bucket-policy.ts";
import { deleteBucketTagging, getBucketTagging, putBucketTagging } from "./buckets/bucket-tagging.ts";
import { getBucketVersioning, putBucketVersioning } from "./buckets/bucket-versioning.ts";
import { createBucket } from "./buckets/create-bucket.ts";
import { listBuckets } from "./buckets/list-buckets.ts";
import { getObjectLockConfiguration, putObjectLockConfiguration } from "./buckets/object-lock-configuration.ts";
import {
  deleteBucketOwnershipControls,
  getBucketOwnershipControls,
  putBucketOwnershipControls,
} from "./buckets/ownership-controls.ts";
import { deletePublicAccessBlock, getPublicAccessBlock, putPublicAccessBlock } from "./buckets/public-access-block.ts";
import { unsetConfigurations } from "./buckets/unset-configurations.ts";
import { copyObject } from "./objects/copy-object.ts";
import { deleteObject } from "./objects/delete-object.ts";
import { deleteObjects } from "./objects/delete-objects.ts";
import { getObjectAttributes } from "./objects/get-object-attributes.ts";
import { getObject, headObject } from "./objects/get-object.ts";
import { listObjectVersions } from "./objects/list-object-versions.ts";
import { listObjects, listObjectsV2 } from "./objects/list-objects.ts";
import {
  getObjectLegalHold,
  getObjectRetention,
  putObjectLegalHold,
  putObjectRetention,
} from "./objects/object-lock.ts";
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from "./objects/object-tagging.ts";
import { putObject } from "./objects/put-object.ts";
import type { S3Call, S3Table } from "./operation.ts";
import { abortMultipartUpload } from "./uploads/abort-multipart-upload.ts";
import { completeMultipartUpload } from "./uploads/complete-multipart-upload.ts";
import { createMultipartUpload } from "./uploads/create-multipart-upload.ts";
import { listMultipartUploads } from "./uploads/list-multipart-uploads.ts";
import { listParts } from "./uploads/list-parts.ts";
import { uploadPart, uploadPartCopy } from "./uploads/upload-part.ts";

const OPERATIONS: S3Table = {
  ...unsetConfigurations,
  AbortMultipartUpload: abortMultipartUpload,
  CompleteMultipartUpload: completeMultipartUpload,
  CopyObject: copyObject,
  CreateBucket: createBucket,
  CreateMultipartUpload: createMultipartUpload,
  DeleteBucket: deleteBucket,
  DeleteBucketEncryption: deleteBucketEncryption,
  DeleteBucketOwnershipControls: deleteBucketOwnershipControls,
  DeleteBucketPolicy: deleteBucketPolicy,
  DeleteBucketTagging: deleteBucketTagging,
  DeleteObject: deleteObject,
  DeleteObjectTagging: deleteObjectTagging,
  DeleteObjects: deleteObjects,
  DeletePublicAccessBlock: deletePublicAccessBlock,
  GetBucketAcl: getBucketAcl,
  GetBucketEncryption: getBucketEncryption,
  GetBucketLocation: getBucketLocation,
  GetBucketOwnershipControls: getBucketOwnershipControls,
  GetBucketPolicy: getBucketPolicy,
  GetBucketPolicyStatus: getBucketPolicyStatus,
  GetBucketTagging: getBucketTagging,
  GetBucketVersioning: getBucketVersioning,
  GetObject: getObject,
  GetObjectAcl: getObjectAcl,
  GetObjectAttributes: getObjectAttributes,
  GetObjectLegalHold: getObjectLegalHold,
  GetObjectLockConfiguration: getObjectLockConfiguration,
  GetObjectRetention: getObjectRetention,
  GetObjectTagging: getObjectTagging,
  GetPublicAccessBlock: getPublicAccessBlock,
  HeadBucket: headBucket,
  HeadObject: headObject,
  ListBuckets: listBuckets,
  ListMultipartUploads: listMultipartUploads,
  ListObjectVersions: listObjectVersions,
  ListObjects: listObjects,
  ListObjectsV2: listObjectsV2,
  ListParts: listParts,
  PutBucketAcl: putBucketAcl,
  PutBucketEncryption: putBucketEncryption,
  PutBucketOwnershipControls: putBucketOwnershipControls,
  PutBucketPolicy: putBucketPolicy,
  PutBucketTagging: putBucketTagging,
  PutBucketVersioning: putBucketVersioning,
  PutObject: putObject,
  PutObjectAcl: putObjectAcl,
  PutObjectLegalHold: putObjectLegalHold,
  PutObjectLockConfiguration: putObjectLockConfiguration,
  PutObjectRetention: putObjectRetention,
  PutObjectTagging: putObjectTagging,
  PutPublicAccessBlock: putPublicAccessBlock,
  UploadPart: uploadPart,
  UploadPartCopy: uploadPartCopy,
};

/** What is served, by name. */
export const S3_OPERATION_NAMES: readonly string[] = Object.keys(OPERATIONS);

/** Any of them; its input has been checked to be its own. */
type AnyOperation = (input: unknown, call: S3Call) => Promise<unknown>;

export function operationNamed(name: string | undefined): AnyOperation | undefined {
  if (name === undefined || !Object.hasOwn(OPERATIONS, name)) return undefined;
  return OPERATIONS[name as keyof S3Table] as AnyOperation | undefined;
}
