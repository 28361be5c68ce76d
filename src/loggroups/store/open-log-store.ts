import { join } from "node:path";
import { mkdirSync } from "node:fs";
import type { Clock, Random } from "../../core/index.ts";
import type { DirectoryObjectStore } from "../../store/index.ts";
import { LogDatabase } from "./database.ts";
import { DirectoryLogStore } from "./log-store.ts";
import { OBJECTS } from "./sealer.ts";

/** Where a write can be made to fail by a test. */
export type LogWriteStep = "events" | "segment" | "catalogue";

export interface LogStoreNeeds {
  /** Gets loggroups.db. */
  readonly directory: string;
  /** Gets the segments, below `loggroups/`. */
  readonly objects: Pick<DirectoryObjectStore, "put" | "read" | "list" | "delete">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: { error(told: object, message: string): void; warn(told: object, message: string): void };
  /** Throws to make a step fail; for tests. */
  readonly fault?: (step: LogWriteStep, loss: "not written" | "written, reply lost") => void;
}

export interface LogStoreOptions {
  /** A group's tail becomes a segment at so many bytes of events, */
  readonly sealBytes: number;
  /** or when its oldest event is so old, */
  readonly sealAgeMs: number;
  /** or when all tails together are larger than this and it is the largest. */
  readonly tailBytesMax: number;
}

/**
 * Opens the store of log events, and removes what a crash left of unfinished segments.
 * @throws {Failure} when the file cannot be opened or is damaged.
 */
export async function openLogStore(needs: LogStoreNeeds, options: LogStoreOptions): Promise<DirectoryLogStore> {
  mkdirSync(needs.directory, { recursive: true });
  const database = new LogDatabase(join(needs.directory, "loggroups.db"));
  const known = database.objects();
  for (const object of await needs.objects.list(OBJECTS)) {
    if (!known.has(object)) await needs.objects.delete(object);
  }
  return new DirectoryLogStore(needs, options, database);
}
