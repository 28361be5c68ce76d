import type { Attempt } from "./oracle.ts";

/** What people keep in a service, and what HTTP says of a body: CloudTrail's records tell neither. */
const LEFT_OUT: readonly (readonly [service: string, operations: RegExp, path: RegExp])[] = [
  ["bedrock-runtime", /^(ApplyGuardrail|Converse)$/, /^(content|messages)\./],
  ["codecommit", /Comment/, /^content$/],
  ["dynamodb", /./, /^(Item|Expected|ExpressionAttributeValues|RequestItems|TransactItems|Statements?|Parameters)\b/],
  ["logs", /^PutLogEvents$/, /^logEvents\./],
  ["dataexchange", /^SendApiAsset$/, /^Body$/],
  // Grants, keys and codes: left out, or hidden where the parameters have another shape than the model.
  ["apigateway", /^(Create|Update)DomainName$/, /^certificatePrivateKey$/],
  ["kms", /Grant/, /^GrantTokens?\b/],
  ["pinpoint", /(Channel|OTPMessage)$/, /(Secret\w*|ApiKey|TokenKey\w*|PrivateKey|Certificate|Otp)$/],
  ["redshift-data", /^(BatchExecute|Execute)Statement$/, /^Sqls?\b/],
  ["s3control", /^PutBucketVersioning$/, /^MFA$/],
  ["s3", /./, /^(Content(Type|Disposition|Encoding|Length|MD5)|CacheControl|Range|If(None)?Match|MFA|Metadata\..*)$/],
  ["s3", /^CompleteMultipartUpload$/, /^MultipartUpload\./],
  ["s3", /^DeleteObjects$/, /^Delete\./],
  ["s3", /^SelectObjectContent$/, /^(Expression|ExpressionType|InputSerialization.*|OutputSerialization.*)$/],
  ["sagemaker-featurestore-runtime", /^PutRecord$/, /^Record\./],
  ["timestream-write", /^WriteRecords$/, /^Records\./],
  ["ses", /^SendEmail$/, /^Message\./],
];

export function isLeftOut({ service, operation }: Attempt, path: string): boolean {
  return LEFT_OUT.some(([of, operations, paths]) => of === service && operations.test(operation) && paths.test(path));
}
