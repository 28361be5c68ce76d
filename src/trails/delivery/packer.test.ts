import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FileContents, packContents } from "./file-contents.ts";
import { Packer } from "./packer.ts";
import { packSequences } from "./sequences.ts";
import { MemoryJournal } from "./testing.ts";

describe("Packer", () => {
  test("take() rebuilds from the journal, byte by byte, what was packed when it was decided", async () => {
    const journal = new MemoryJournal();
    journal.append(...Array.from({ length: 1500 }, (_, number) => ({ number })));
    const chosen = fc.uniqueArray(fc.nat(1499), { maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(chosen, async (unordered) => {
        const sequences = unordered.toSorted((left, right) => left - right);
        const contents = new FileContents();
        for (const sequence of sequences) contents.add(journal.records[sequence] as Uint8Array);
        const packed = await packContents(contents.finish());
        expect(await new Packer(journal, 1).take(1, packSequences(sequences))).toEqual(packed);
      }),
      { numRuns: 30 },
    );
  });

  test("take() gives what was packed ahead without reading, once; drop() forgets it", async () => {
    const journal = new MemoryJournal();
    journal.append({ number: 0 });
    const packer = new Packer(journal, 1);
    const contents = new FileContents();
    contents.add(journal.records[0] as Uint8Array);
    const whole = contents.finish();
    packer.packAhead(7, whole);
    const ahead = await packer.take(7, packSequences([0]));
    expect(journal.reads).toBe(0);
    expect(await packer.take(7, packSequences([0]))).toEqual(ahead);
    expect(journal.reads).toBe(1);
    packer.packAhead(8, whole);
    packer.drop(8);
    await packer.take(8, packSequences([0]));
    expect(journal.reads).toBe(2);
  });

  test("room() is there again once what waited is packed", async () => {
    const packer = new Packer(new MemoryJournal(), 1);
    await packer.room();
    packer.packAhead(1, new FileContents().finish());
    let roomy = false;
    const room = packer.room().then(() => (roomy = true));
    expect(roomy).toBe(false);
    await packer.take(1, new Uint8Array());
    await room;
    expect(roomy).toBe(true);
  });
});
