/**
 * Every service of AWS: from a request to the service and operation that it asks for, by tables generated from botocore's
 * models, and to the compiled model by which its messages are understood. Knows nothing of what operations mean.
 */
export { openCatalog } from "./catalog.ts";
export type { Catalog, CatalogOptions } from "./catalog.ts";
export type { CatalogService, ResolvedCall } from "./resolved-call.ts";
export type { ResolveHints } from "./resolver.ts";
export { pathWithBucket, s3Address, s3Source } from "./s3-address.ts";
export type { S3Address, S3Source } from "./s3-address.ts";
