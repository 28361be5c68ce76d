import type { Logger } from "pino";
import type { Clock, Random } from "./core/index.ts";

/** What everything is handed that reads the time, makes something random, or tells the operator. */
export interface World {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}
