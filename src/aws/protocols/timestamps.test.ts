import { expect, test } from "vitest";
import { Malformed } from "./scalars.ts";
import { readEpochSeconds, readTimestampText, timestampText } from "./timestamps.ts";

test.each([
  ["2019-12-16T23:48:18Z", "2019-12-16T23:48:18.000Z"],
  ["2019-12-16t23:48:18z", "2019-12-16T23:48:18.000Z"],
  ["2019-12-16T22:48:18-01:00", "2019-12-16T23:48:18.000Z"],
  ["2019-12-17T00:18:18+0030", "2019-12-16T23:48:18.000Z"],
  ["2000-01-02T20:34:56.123456789Z", "2000-01-02T20:34:56.123Z"],
  ["2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000Z"],
  ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"],
  ["9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"],
  ["Mon, 16 Dec 2019 23:48:18 GMT", "2019-12-16T23:48:18.000Z"],
  ["Sun, 02 Jan 2000 20:34:56.456 GMT", "2000-01-02T20:34:56.456Z"],
  ["1576540098", "2019-12-16T23:48:18.000Z"],
  ["1.576540098123E9", "2019-12-16T23:48:18.123Z"],
  ["-1", "1969-12-31T23:59:59.000Z"],
])("readTimestampText() reads %s", (text, iso) => {
  expect(readTimestampText(text).toISOString()).toBe(iso);
});

test.each([
  "",
  "now",
  "2019-02-29T00:00:00Z",
  "2019-13-01T00:00:00Z",
  "2019-12-16T24:00:00Z",
  "2019-12-16T23:60:00Z",
  "2019-12-16T23:48:60Z",
  "2019-12-16T23:48:18",
  "2019-12-16",
  "0000-12-31T23:59:59Z",
  "9999-12-31T23:59:59-01:00",
  "Mon, 16 Foo 2019 23:48:18 GMT",
  "253402300800",
  "1e400",
  "NaN",
])("readTimestampText() refuses %s", (text) => {
  expect(() => readTimestampText(text)).toThrow(Malformed);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, 1e15, -1e15])("readEpochSeconds() refuses %d", (seconds) => {
  expect(() => readEpochSeconds(seconds)).toThrow(Malformed);
});

test.each([
  ["unixTimestamp", "1576540098.5"],
  ["iso8601", "2019-12-16T23:48:18.500Z"],
  ["rfc822", "Mon, 16 Dec 2019 23:48:18 GMT"],
] as const)("timestampText() writes %s", (format, text) => {
  expect(timestampText(new Date(1_576_540_098_500), format)).toBe(text);
});
