import type { AlarmsSchema } from "../alarms/index.ts";
import type { LearnedSchema } from "../capture/index.ts";
import type { DeliveriesSchema } from "../deliveries/index.ts";
import type { IdentitySchema } from "../identity/index.ts";
import type { IntegritySchema } from "../integrity/index.ts";
import type { LogGroupsSchema } from "../loggroups/index.ts";
import type { RulesSchema } from "../rules/index.ts";
import type { TopicsSchema } from "../topics/index.ts";
import type { TrailsSchema } from "../trails/index.ts";

/** All control-plane tables of one installation, in one database, so that they can commit together. */
export interface ControlSchema
  extends IdentitySchema,
    LearnedSchema,
    TrailsSchema,
    IntegritySchema,
    DeliveriesSchema,
    RulesSchema,
    TopicsSchema,
    LogGroupsSchema,
    AlarmsSchema {
  /** Records of committed changes that are not known to be in the journal yet. */
  outbox: { event_id: string; record: Uint8Array };
}
