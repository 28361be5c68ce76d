import { openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { openCallAudit } from "../../src/capture/index.ts";
import { systemClock, systemRandom } from "../../src/core/index.ts";
import { openJournal } from "../../src/journal/index.ts";
import type { AuditRecord } from "../../src/record/index.ts";
import { DirectoryObjectStore } from "../../src/store/index.ts";

/**
 * A process to be killed: `audit-caller.ts DIRECTORY RUN` makes calls without end, half of them `required`, half spooled,
 * and writes `begun ID` and `finished ID` into DIRECTORY/ledger once it was told so. Of the required ones every third is
 * never finished. A kill does not undo what was written into a file.
 *
 * `audit-caller.ts DIRECTORY` recovers and ends.
 */
const [directory = "", run] = process.argv.slice(2);
const log = {
  info: (): void => undefined,
  error: (facts: Readonly<Record<string, unknown>>, message: string): void =>
    void writeSync(2, `${message} ${String(facts["err"])}\n`),
};
const journal = await openJournal(
  {
    directory: join(directory, "journal"),
    objects: new DirectoryObjectStore(join(directory, "objects")),
    clock: systemClock,
    random: systemRandom,
    log,
  },
  { segmentRecords: 512 },
);
const audit = await openCallAudit({
  directory: join(directory, "gateway"),
  recorder: {
    keep: async () => undefined,
    append: async (records) => void (await journal.append(records)),
    countLost: (loss) => void writeSync(2, `lost ${JSON.stringify(loss)}\n`),
  },
  journalHealth: () => journal.health,
  clock: systemClock,
  log,
});
await audit.recover();
if (run === undefined) {
  await audit.close();
  await journal.close();
} else {
  const ledger = openSync(join(directory, "ledger"), "a");
  writeSync(1, "open\n");
  await Promise.all(Array.from({ length: 16 }, (_, caller) => callForEver(ledger, `${run}-${caller}`)));
}

async function callForEver(ledger: number, caller: string): Promise<never> {
  for (let number = 0; ; number++) {
    const mode = number % 2 === 0 ? "required" : "spool";
    const eventID = `${mode}-${caller}-${number}`;
    await audit.begin(mode, { mutates: true, intent: () => record(eventID, "unknown") });
    writeSync(ledger, `begun ${eventID}\n`);
    if (mode === "required" && number % 3 === 0) continue;
    await audit.finish(mode, "all", record(eventID, "known"));
    writeSync(ledger, `finished ${eventID}\n`);
  }
}

function record(eventID: string, outcome: string): AuditRecord {
  return {
    eventVersion: "1.11",
    userIdentity: { type: "Unknown" },
    eventTime: "2026-11-20T11:00:00Z",
    eventSource: "sqs.amazonaws.com",
    eventName: "CreateQueue",
    awsRegion: "us-east-1",
    sourceIPAddress: "192.0.2.1",
    additionalEventData: { outcome },
    eventID,
    eventType: "AwsApiCall",
  };
}
