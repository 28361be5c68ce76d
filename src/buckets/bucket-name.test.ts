import { describe, expect, test } from "vitest";
import { parseBucketName } from "./bucket-name.ts";

describe("parseBucketName()", () => {
  test.each(["abc", "my-logs", "my.logs.2026", "1bucket", "a".repeat(63)])("takes %s", (name) => {
    expect(parseBucketName(name)).toBe(name);
  });

  test.each([
    ["two characters", "ab"],
    ["64 characters", "a".repeat(64)],
    ["a capital", "Logs"],
    ["an underscore", "my_logs"],
    ["a slash", "a/b"],
    ["a hyphen first", "-logs"],
    ["a dot last", "logs."],
    ["two dots", "my..logs"],
    ["an IPv4 address", "192.168.5.4"],
    ["the prefix of Punycode", "xn--logs"],
    ["the suffix of an alias", "logs-s3alias"],
    ["a folder above", "../"],
  ])("refuses %s", (_, name) => {
    expect(() => parseBucketName(name)).toThrow(expect.objectContaining({ code: "InvalidBucketName", status: 400 }));
  });
});
