/** What CloudTrail does differently for single services, beyond the generic mapping from an operation's model. */
import type { SpecialService } from "./special.ts";

export type { SpecialService } from "./special.ts";

/** By eventSource. */
export const SPECIAL: ReadonlyMap<string, SpecialService> = new Map();
