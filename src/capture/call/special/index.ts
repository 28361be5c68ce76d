/** What CloudTrail does differently for single services, beyond the generic mapping from an operation's model. */
import { API_GATEWAY } from "./api-gateway.ts";
import { DYNAMODB } from "./dynamodb.ts";
import { LAMBDA } from "./lambda.ts";
import { S3 } from "./s3/index.ts";
import { APPSYNC, CLOUDFORMATION, KMS, ROUTE53, SECRETS_MANAGER, SQS, SSM } from "./small-quirks.ts";
import type { SpecialService } from "./special.ts";

export { deletedObjects } from "./s3/index.ts";
export type { DeletedObject } from "./s3/index.ts";
export type { SpecialService } from "./special.ts";
export { recordedUserAgent } from "./user-agent.ts";

/** By eventSource. */
export const SPECIAL: ReadonlyMap<string, SpecialService> = new Map([
  ["apigateway.amazonaws.com", API_GATEWAY],
  ["appsync.amazonaws.com", APPSYNC],
  ["cloudformation.amazonaws.com", CLOUDFORMATION],
  ["dynamodb.amazonaws.com", DYNAMODB],
  ["kms.amazonaws.com", KMS],
  ["lambda.amazonaws.com", LAMBDA],
  ["route53.amazonaws.com", ROUTE53],
  ["s3.amazonaws.com", S3],
  ["s3express.amazonaws.com", S3],
  ["secretsmanager.amazonaws.com", SECRETS_MANAGER],
  ["sqs.amazonaws.com", SQS],
  ["ssm.amazonaws.com", SSM],
]);
