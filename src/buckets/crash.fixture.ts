import { systemClock } from "../core/index.ts";
import { bodyOf, openTestBuckets, OWNER } from "./testing.ts";

/** What the writer tells: what it is about to do, and then that this was acknowledged. No text: the object is deleted. */
export interface Told {
  readonly key: string;
  readonly text: string | undefined;
  readonly acknowledged: boolean;
}

/** Puts, replaces and deletes objects in the folder that its argument names, in four lines at once, until it is killed. */
async function main(directory: string): Promise<void> {
  const buckets = await openTestBuckets({ directory, clock: systemClock });
  await buckets.create("logs", { ...OWNER, region: "us-east-1" });
  const tell = (told: Told): boolean | undefined => process.send?.(told);

  async function write(writer: number): Promise<void> {
    for (let count = 0; ; count++) {
      const key = `${writer}/${count % 3}/object`;
      const text = count % 4 === 3 ? undefined : `${key} ${count} ${process.pid}`.repeat(50);
      tell({ key, text, acknowledged: false });
      if (text === undefined) await buckets.deleteObject("logs", key, {});
      else await buckets.putObject("logs", key, bodyOf(text), {});
      tell({ key, text, acknowledged: true });
    }
  }
  await Promise.all([1, 2, 3, 4].map(write));
}

if (process.send !== undefined && process.argv[2] !== undefined) await main(process.argv[2]);
