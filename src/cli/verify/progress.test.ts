import { describe, expect, test } from "vitest";
import { Progress } from "./progress.ts";

/** What a bar writes while a check goes through its steps, one a second. */
function drawn(
  isTTY: boolean,
  columns = 100,
): { readonly progress: Progress; readonly texts: string[]; readonly tick: () => void } {
  const texts: string[] = [];
  let elapsed = 0;
  const output = { isTTY, columns, write: (text: string) => void texts.push(text) };
  const progress = new Progress(output, { now: () => 0, elapsed: () => elapsed });
  return { progress, texts, tick: () => void (elapsed += 1000) };
}

describe("Progress", () => {
  test("tells how far it is in bytes, and the time left", () => {
    const { progress, texts, tick } = drawn(true);
    for (const [key, bytes] of [
      ["a", 100],
      ["b", 300],
      ["c", 600],
    ] as const)
      progress.found(key, bytes);
    for (const key of ["a", "b"]) {
      tick();
      progress.checked(key);
    }
    expect(texts.at(-1)).toBe("\r█████████░░░░░░░░░░░░░░░  40 %  2 of 3 log files  3 s left\u001b[K");
  });

  test("does not count files that were never found", () => {
    const { progress, texts, tick } = drawn(true);
    progress.found("a", 100);
    tick();
    progress.checked("another");
    progress.checked("a");
    tick();
    progress.checked("a");
    expect(texts.at(-1)).toContain("100 %  1 of 1 log files");
  });

  test("fits into the terminal, and goes away when it is asked to", () => {
    const { progress, texts } = drawn(true, 20);
    progress.found("a", 100);
    expect(texts[0]?.replace("\r", "").replace("\u001b[K", "").length).toBeLessThan(20);
    progress.clear();
    expect(texts.at(-1)).toBe("\r\u001b[K");
    progress.clear();
    expect(texts).toHaveLength(2);
  });

  test("writes nothing where nobody looks", () => {
    const { progress, texts } = drawn(false);
    progress.found("a", 100);
    progress.checked("a");
    progress.clear();
    expect(texts).toEqual([]);
  });
});
