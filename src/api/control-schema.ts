import type { IdentitySchema } from "../identity/index.ts";
import type { OutboxSchema } from "./outbox.ts";

/** All control-plane tables of one installation, in one database, so that they can commit together. */
export type ControlSchema = IdentitySchema & OutboxSchema;
