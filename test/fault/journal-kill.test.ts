import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { systemClock, systemRandom } from "../../src/core/index.ts";
import { openJournal } from "../../src/journal/index.ts";
import { DirectoryObjectStore } from "../../src/store/index.ts";

const ROUNDS = Number(process.env["OPENTRAIL_TEST_KILLS"] ?? 6);
const PRODUCERS = 16;
const WRITER = fileURLToPath(new URL("./journal-writer.ts", import.meta.url));

test(
  `append() acknowledged before kill -9 is found once, at its sequence, after ${ROUNDS} kills under load`,
  async () => {
    const directory = await mkdtemp(join(tmpdir(), "opentrail-kill-"));
    const acknowledged = new Map<string, number>();
    const nexts: number[] = Array(PRODUCERS).fill(0);
    try {
      for (let round = 0; round < ROUNDS; round++) {
        for (const [producer, number, sequence] of await writeUntilKilled(directory, nexts)) {
          // A record that was in doubt is sent again by the next round: its sequence must not change.
          expect(acknowledged.get(`${producer}-${number}`) ?? sequence).toBe(sequence);
          acknowledged.set(`${producer}-${number}`, sequence);
          nexts[producer] = number + 1;
        }
      }
      const stored = await readIds(directory);
      const lost = [...acknowledged].filter(([id, sequence]) => stored[sequence] !== id);
      expect(lost).toEqual([]);
      expect(new Set(stored).size).toBe(stored.length);
      for (const producer of nexts.keys()) {
        const own = stored.filter((id) => id.startsWith(`${producer}-`));
        expect(own).toEqual(own.map((_, number) => `${producer}-${number}`));
      }
      expect(acknowledged.size).toBeGreaterThan(ROUNDS * PRODUCERS);
    } finally {
      await rm(directory, { recursive: true });
    }
  },
  ROUNDS * 5000,
);

/** Every acknowledgement that a writer was given before it was killed. */
async function writeUntilKilled(
  directory: string,
  nexts: readonly number[],
): Promise<readonly (readonly [producer: number, number: number, sequence: number])[]> {
  const acknowledged = join(directory, "acknowledged");
  await rm(acknowledged, { force: true });
  const writer = spawn(process.execPath, [
    "--disable-warning=ExperimentalWarning",
    WRITER,
    directory,
    ...nexts.map(String),
  ]);
  let output = "";
  let errors = "";
  writer.stdout.on("data", (bytes: Buffer) => (output += bytes.toString()));
  writer.stderr.on("data", (bytes: Buffer) => (errors += bytes.toString()));
  const closed = once(writer, "close");
  await Promise.race([once(writer.stdout, "data"), closed]);
  await sleep(Math.random() * 120);
  writer.kill("SIGKILL");
  await closed;
  expect({ output, errors }).toEqual({ output: "open\n", errors: "" });
  const lines = (await readFile(acknowledged, "latin1")).split("\n").slice(0, -1);
  return lines.map((line) => line.split(" ").map(Number) as [number, number, number]);
}

async function readIds(directory: string): Promise<readonly string[]> {
  const journal = await openJournal(
    {
      directory: join(directory, "journal"),
      objects: new DirectoryObjectStore(join(directory, "objects")),
      clock: systemClock,
      random: systemRandom,
      log: { info: () => undefined, error: () => undefined },
    },
    { segmentRecords: 512, segmentBytes: 20_000 },
  );
  const ids: string[] = [];
  while (ids.length < journal.head) {
    for (const { bytes } of await journal.read(ids.length)) {
      ids.push((JSON.parse(Buffer.from(bytes).toString()) as { eventID: string }).eventID);
    }
  }
  await journal.verify();
  await journal.close();
  return ids;
}
