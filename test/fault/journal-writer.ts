import { openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { systemClock, systemRandom } from "../../src/core/index.ts";
import { openJournal } from "../../src/journal/index.ts";
import { DirectoryObjectStore } from "../../src/store/index.ts";

/**
 * A process to be killed: `journal-writer.ts DIRECTORY NEXT…` appends without end, one producer per NEXT, each from its
 * number on, and writes `producer number sequence` into DIRECTORY/acknowledged as soon as a record is. A kill does not
 * undo what was written into a file.
 */
const [directory = "", ...nexts] = process.argv.slice(2);
const journal = await openJournal(
  {
    directory: join(directory, "journal"),
    objects: new DirectoryObjectStore(join(directory, "objects")),
    clock: systemClock,
    random: systemRandom,
    log: { info: () => undefined, error: (facts, message) => void writeSync(2, `${message} ${String(facts.err)}\n`) },
  },
  { segmentRecords: 512, segmentBytes: 20_000 },
);
const acknowledged = openSync(join(directory, "acknowledged"), "a");
writeSync(1, "open\n");
await Promise.all(nexts.map((next, producer) => produce(producer, Number(next))));

async function produce(producer: number, from: number): Promise<never> {
  for (let next = from; ; ) {
    const numbers = Array.from({ length: 1 + (next % 7) }, (_, index) => next + index);
    const sequences = await journal.append(
      numbers.map((number) => {
        const eventID = `${producer}-${number}`;
        return { eventID, bytes: Buffer.from(JSON.stringify({ eventID, eventTime: "2026-11-20T11:00:00Z" })) };
      }),
    );
    writeSync(acknowledged, numbers.map((number, index) => `${producer} ${number} ${sequences[index]}\n`).join(""));
    next += numbers.length;
  }
}
