import { describe, expect, test } from "vitest";
import { readAhead } from "./read-ahead.ts";

async function* numbers(count: number, onNumber: (number: number) => void = () => undefined): AsyncGenerator<number> {
  for (let number = 0; number < count; number++) {
    onNumber(number);
    yield number;
  }
}

describe("readAhead()", () => {
  test.each([1, 3, 100])("gives all items in their order, %i ahead", async (count) => {
    expect(await Array.fromAsync(readAhead(numbers(10), count))).toEqual([...Array(10).keys()]);
  });

  test("asks for as many as it may before they are wanted, and for no more", async () => {
    let asked = 0;
    const items = readAhead(
      numbers(100, () => asked++),
      5,
    );
    await items.next();
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toBeGreaterThanOrEqual(5);
    expect(asked).toBeLessThanOrEqual(7);
    await items.return(undefined);
  });

  test("gives what came before a failure, then the failure", async () => {
    async function* failing(): AsyncGenerator<number> {
      yield 1;
      throw new Error("the disk is gone");
    }
    const got: number[] = [];
    const reading = (async () => {
      for await (const item of readAhead(failing(), 4)) got.push(item);
    })();
    await expect(reading).rejects.toThrow("the disk is gone");
    expect(got).toEqual([1]);
  });

  test("stops asking when nobody wants more", async () => {
    let ended = false;
    async function* endless(): AsyncGenerator<number> {
      try {
        for (let number = 0; ; number++) yield number;
      } finally {
        ended = true;
      }
    }
    for await (const item of readAhead(endless(), 4)) if (item === 3) break;
    expect(ended).toBe(true);
  });
});
