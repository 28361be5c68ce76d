import type { Protocol } from "../shapes.ts";

/** One service of AWS as the catalog knows it. */
export interface CatalogService {
  /** botocore's name of the service, the name of its model: `dynamodb`, `elbv2`, `s3`. */
  readonly id: string;
  /** What stands in the scope of a signature. */
  readonly signingName: string;
  /** `dynamodb.amazonaws.com`: what CloudTrail calls it. */
  readonly eventSource: string;
  /** What stands before the colon in a policy's action: `dynamodb`, `cloudwatch` (whose eventSource is `monitoring`). */
  readonly iamPrefix: string;
  readonly apiVersion: string;
}

/**
 * What a request asks for, as far as it can be told.
 *
 * - Both `service` and `operation`: known.
 * - `service` alone: an operation that the service's model does not have; `eventName` is what the request itself calls it,
 *   or `UnknownOperation`. Never a similar operation.
 * - Neither: nothing that looks like a service of AWS; `eventSource` is made of the signing name if there is a clean one.
 */
export interface ResolvedCall {
  readonly service?: CatalogService;
  /** The API's name of the operation (`ListObjectsV2`). */
  readonly operation?: string;
  readonly eventSource: string;
  /** CloudTrail's name of the operation (`ListObjects`). */
  readonly eventName: string;
  /** The protocol that the request speaks, whatever the model says. Errors are answered in it. */
  readonly protocol: Protocol;
}
