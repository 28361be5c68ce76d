/**
 * The offline check of log and digest files, whoever wrote them: folders and buckets, verdicts in the AWS CLI's words and
 * a few of its own. Needs public keys only, and loads nothing of the server.
 */
export * from "./finding.ts";
export { openFolder } from "./folder-buckets.ts";
export type { LogSources } from "./log-source.ts";
export type { Problem } from "./problems.ts";
export { askedKeys, type CheckingKey, exportedKeys, parsePublicKeys, type PublicKeys } from "./public-keys.ts";
export { openS3 } from "./s3-source.ts";
export { type Chain, parseTrailArn, type Scope } from "./scope.ts";
export { verify, type VerifyNeeds } from "./verify.ts";
