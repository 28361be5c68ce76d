/** Which resources a call is about, told from its parameters and its answer by tables, one row for each kind of resource. */
export { hidesResources, resourcesOf } from "./resources-of.ts";
export { s3Resources } from "./s3-resources.ts";
export type { S3Subject } from "./s3-resources.ts";
