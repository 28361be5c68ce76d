import { join } from "node:path";
import { pino } from "pino";
import { systemClock, systemRandom } from "../src/core/index.ts";
import { openJournal } from "../src/journal/index.ts";
import { DirectoryObjectStore } from "../src/store/index.ts";

/** What a stopped server's journal holds, read without the server: everything is verified on the way. */
export interface JournalContents {
  readonly sequences: readonly number[];
  readonly eventIDs: readonly string[];
  /** Each record's JSON text. */
  readonly texts: readonly string[];
}

/** @throws {Failure} when something in it is damaged. */
export async function readJournal(dataDirectory: string): Promise<JournalContents> {
  const journal = await openJournal({
    directory: join(dataDirectory, "journal"),
    objects: new DirectoryObjectStore(join(dataDirectory, "objects")),
    clock: systemClock,
    random: systemRandom,
    log: pino({ level: "silent" }),
  });
  try {
    await journal.verify();
    const sequences: number[] = [];
    const texts: string[] = [];
    while (sequences.length < journal.head) {
      for (const { sequence, bytes } of await journal.read(sequences.length)) {
        sequences.push(sequence);
        texts.push(Buffer.from(bytes).toString());
      }
    }
    return { sequences, texts, eventIDs: texts.map((text) => (JSON.parse(text) as { eventID: string }).eventID) };
  } finally {
    await journal.close();
  }
}
