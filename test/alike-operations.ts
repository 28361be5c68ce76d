/** Operations whose requests are no different from another's, as `service operation`. */

/** Told apart only by the name of AWS's own endpoint: the same method and path under one signing name. */
export const ALIKE: Readonly<Record<string, string>> = {
  "lex-models StartImport": "lexv2-models ListImports",
};

/** Two names of one operation, by method and path; CloudTrail has one for both. */
export const SAME: Readonly<Record<string, string>> = {
  "lambda-microvms ListTags": "lambda ListTags",
  "lambda-microvms TagResource": "lambda TagResource",
  "lambda-microvms UntagResource": "lambda UntagResource",
  "s3 GetBucketLifecycle": "s3 GetBucketLifecycleConfiguration",
  "s3 GetBucketNotification": "s3 GetBucketNotificationConfiguration",
  "s3 PutBucketLifecycle": "s3 PutBucketLifecycleConfiguration",
  "s3 PutBucketNotification": "s3 PutBucketNotificationConfiguration",
};
