import { describe, expect, test } from "vitest";
import { formatTime, parseTimeArgument, utcZone, type Zone } from "./time-argument.ts";

const NOW = Date.parse("2026-08-01T12:00:00Z");

/** Half an hour in it, so that no mistake of sign or unit cancels out. */
const india: Zone = () => 330;
/** Central Europe around the end of its summer time, 2026-10-25T01:00:00Z. */
const berlin: Zone = (ms) => (ms < Date.parse("2026-10-25T01:00:00Z") ? 120 : 60);

describe("parseTimeArgument()", () => {
  test.each<[string, Zone, string]>([
    ["now", utcZone, "2026-08-01T12:00:00.000Z"],
    ["90s", utcZone, "2026-08-01T11:58:30.000Z"],
    ["30m", utcZone, "2026-08-01T11:30:00.000Z"],
    ["2h", india, "2026-08-01T10:00:00.000Z"],
    ["7d", utcZone, "2026-07-25T12:00:00.000Z"],
    ["1w", utcZone, "2026-07-25T12:00:00.000Z"],
    ["1d12h", utcZone, "2026-07-31T00:00:00.000Z"],
    ["2026-07-01T10:00:00Z", india, "2026-07-01T10:00:00.000Z"],
    ["2026-07-01T10:00:00+02:00", india, "2026-07-01T08:00:00.000Z"],
    ["2026-07-01T10:00", utcZone, "2026-07-01T10:00:00.000Z"],
    ["2026-07-01T10:00", india, "2026-07-01T04:30:00.000Z"],
    ["2026-07-01 10:00:30", india, "2026-07-01T04:30:30.000Z"],
    ["2026-07-01", utcZone, "2026-07-01T00:00:00.000Z"],
    ["2026-07-01", india, "2026-06-30T18:30:00.000Z"],
    ["2026-10-25 00:30", berlin, "2026-10-24T22:30:00.000Z"],
    ["2026-10-25 01:30", berlin, "2026-10-24T23:30:00.000Z"],
    ["2026-10-25 03:30", berlin, "2026-10-25T02:30:00.000Z"],
  ])("takes %s in %o for %s", (text, zone, expected) => {
    expect(parseTimeArgument(text, NOW, zone)).toBe(Date.parse(expected));
  });

  test.each([
    "",
    "2",
    "2x",
    "-2h",
    "2h later",
    "yesterday",
    "2026-13-01",
    "2026-06-31",
    "2026-07-01T25:00",
    "01.07.2026",
    "999999999999999w",
  ])("refuses %j", (text) => {
    expect(parseTimeArgument(text, NOW, utcZone)).toBeUndefined();
  });
});

describe("formatTime()", () => {
  test.each([
    [{ zone: utcZone }, "2026-08-01 12:00:00"],
    [{ zone: india }, "2026-08-01 17:30:00"],
    [{ zone: utcZone, short: true }, "08-01 12:00:00"],
    [{ zone: utcZone, offset: true }, "2026-08-01 12:00:00Z"],
    [{ zone: india, offset: true }, "2026-08-01 17:30:00+05:30"],
    [{ zone: (() => -210) as Zone, offset: true }, "2026-08-01 08:30:00-03:30"],
  ])("with %o is %s", (style, expected) => expect(formatTime(NOW, style)).toBe(expected));
});
