import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { systemRandom } from "../../core/index.ts";
import { DirectoryObjectStore } from "../../store/index.ts";
import type { LogEvent, LogRange } from "../log-events.ts";
import type { DirectoryLogStore } from "./log-store.ts";
import { type LogStoreNeeds, type LogStoreOptions, openLogStore } from "./open-log-store.ts";

export const GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:g";
export const NOW: number = Date.UTC(2026, 10, 20, 12);

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "opentrail-logs-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export interface TestStore {
  readonly store: DirectoryLogStore;
  readonly objects: DirectoryObjectStore;
  /** What was told to the log. */
  readonly told: string[];
}

export async function openTestStore(
  directory: string,
  options: Partial<LogStoreOptions> & Pick<LogStoreNeeds, "fault"> = {},
): Promise<TestStore> {
  const { fault, ...rest } = options;
  const told: string[] = [];
  const objects = new DirectoryObjectStore(join(directory, "objects"));
  const tell = (_: object, message: string): void => void told.push(message);
  const store = await openLogStore(
    {
      directory,
      objects,
      clock: { now: () => NOW, elapsed: () => 0 },
      random: systemRandom,
      log: { error: tell, warn: tell },
      ...(fault === undefined ? {} : { fault }),
    },
    { sealBytes: 1 << 30, sealAgeMs: 3_600_000, tailBytesMax: 1 << 30, ...rest },
  );
  onTestFinished(async () => {
    await store.close();
    objects.close();
  });
  return { store, objects, told };
}

export async function readAll(store: DirectoryLogStore, range: Partial<LogRange> = {}): Promise<readonly LogEvent[]> {
  const events: LogEvent[] = [];
  for await (const page of store.read({ group: GROUP, from: 0, to: NOW * 2, ...range })) events.push(...page);
  return events;
}

export const messages = (events: readonly LogEvent[]): readonly string[] => events.map(({ message }) => message);
