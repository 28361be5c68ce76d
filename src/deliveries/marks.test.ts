import { describe, expect, test } from "vitest";
import { markedDelivery } from "../record/index.ts";
import type { Delivery } from "./delivery.ts";
import { deliveryMarks } from "./marks.ts";

const NOW = Date.UTC(2026, 10, 20);
const marks = deliveryMarks(new Uint8Array(32).fill(7), { now: () => NOW, elapsed: () => 0 });
const borne = marks.mark({ hops: 3 } as Delivery);
/** As the record of the call shows it. */
const mark = markedDelivery(borne).opentrailDelivery ?? "";

describe("hopsOf()", () => {
  test("reads what mark() wrote", () => {
    expect(marks.hopsOf(mark, NOW + 1_000)).toBe(3);
  });

  test("takes no notice of a mark that was read in a record and borne again", () => {
    expect(mark).not.toBe(borne);
    expect(marks.hopsOf(markedDelivery(mark).opentrailDelivery, NOW)).toBe(0);
    expect(marks.hopsOf(borne, NOW)).toBe(0);
  });

  test.each([
    ["nothing", undefined],
    ["a number", 3],
    ["more hops than were marked", mark.replace(/^3/, "1")],
    ["another time", mark.replace(/\.\d+\./, `.${NOW + 1}.`)],
    ["a mark that was cut", mark.slice(0, -1)],
    ["something behind it", `${mark}.x`],
    ["no tag", `3.${NOW}.`],
  ])("takes no notice of %s", (_, given) => expect(marks.hopsOf(given, NOW)).toBe(0));

  test("takes no notice of a mark that is older than five minutes", () => {
    expect(marks.hopsOf(mark, NOW + 5 * 60_000)).toBe(3);
    expect(marks.hopsOf(mark, NOW + 5 * 60_000 + 1)).toBe(0);
  });

  test("takes no notice of another installation's mark", () => {
    const others = deliveryMarks(new Uint8Array(32).fill(8), { now: () => NOW, elapsed: () => 0 });
    expect(others.hopsOf(mark, NOW)).toBe(0);
  });
});

describe("markedDelivery()", () => {
  test.each(["", "3", "a.b.c", `3.${NOW}.${"x".repeat(23)}`, `3.${NOW}.<script>`, "9".repeat(1000)])(
    "does not take %j into a record",
    (header) => expect(markedDelivery(header)).toEqual({}),
  );
});
