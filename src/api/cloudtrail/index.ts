/**
 * The CloudTrail API, one file per operation. What is not in the table yet is refused by name.
 */
import type { CloudtrailOperations } from "../../aws/index.ts";
import type { History } from "../../history/index.ts";
import type { Digests } from "../../integrity/index.ts";
import type { Operations } from "../operation.ts";
import { listPublicKeys } from "./list-public-keys.ts";
import { lookupEvents } from "./lookup-events.ts";

export function cloudtrailOperations(needs: {
  readonly history: History;
  readonly digests?: Pick<Digests, "publicKeys">;
}): Operations<CloudtrailOperations, never> {
  return {
    ListPublicKeys: listPublicKeys(needs.digests ?? { publicKeys: async () => [] }),
    LookupEvents: lookupEvents(needs.history),
  };
}
