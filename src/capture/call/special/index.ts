/** What CloudTrail does differently for single services, beyond the generic mapping from an operation's model. */
import { S3 } from "./s3/index.ts";
import type { SpecialService } from "./special.ts";

export { deletedObjects } from "./s3/index.ts";
export type { DeletedObject } from "./s3/index.ts";
export type { SpecialService } from "./special.ts";
export { recordedUserAgent } from "./user-agent.ts";

/** By eventSource. */
export const SPECIAL: ReadonlyMap<string, SpecialService> = new Map([
  ["s3.amazonaws.com", S3],
  ["s3express.amazonaws.com", S3],
]);
