import { normalize } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Refusal } from "../core/index.ts";
import { bucketFolder, keyBytes, objectFile } from "./paths.ts";

describe("objectFile()", () => {
  test.each([
    ["a plain key", "AWSLogs/1/CloudTrail/x.json.gz", "AWSLogs/1/CloudTrail/x.json.gz~V"],
    ["a key of a folder", "a/", "a/%~V"],
    ["empty segments", "/a//b", "%/a/%/b~V"],
    ["dots", "../.././a", "%2E%2E/%2E%2E/%2E/a~V"],
    ["a name that is two dots", "..", "%2E%2E~V"],
    ["a tilde and a per cent sign", "a~b/50%", "a%7Eb/50%25~V"],
    ["control characters", "a\0b\n", "a%00b%0A~V"],
    ["a backslash", "a\\..\\b", "a%5C..%5Cb~V"],
    ["other scripts", "журнал/😀", "журнал/😀~V"],
    ["hidden files", ".config", ".config~V"],
  ])("names %s so that a person knows it", (_, key, path) => {
    expect(objectFile("logs", key, "V")).toBe(`logs/objects/${path}`);
  });

  test("keeps the beginning of a segment that is too long, and never half a character", () => {
    const path = objectFile("logs", `${"é".repeat(200)}/x`, "V");
    expect(path).toMatch(/^logs\/objects\/é{110}%-[0-9a-f]{32}\/x~V$/);
    expect(path).not.toBe(objectFile("logs", `${"é".repeat(199)}è/x`, "V"));
  });

  test("stays inside the bucket's folder, in names that file systems take, whatever the key", () => {
    const hostile = fc.string({
      unit: fc.constantFrom("/", ".", "~", "%", "\\", "\0", "a", "é", "2", "E"),
      maxLength: 500,
    });
    const key = fc.oneof(hostile, fc.string({ unit: "binary", minLength: 1, maxLength: 300 }));
    fc.assert(
      fc.property(key, (text) => {
        const path = objectFile("logs", text, "V".repeat(32));
        expect(normalize(path)).toBe(path);
        const [bucket, objects, ...names] = path.split("/");
        expect([bucket, objects]).toEqual(["logs", "objects"]);
        for (const name of names) {
          expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
          expect(name).not.toMatch(/^$|^\.{1,2}$|\\|\p{Cc}/u);
        }
        // Only the file has a `~` in its name, so no folder is ever in the way of a file.
        expect(names.filter((name) => name.includes("~"))).toEqual([names.at(-1)]);
        expect(Buffer.byteLength(path)).toBeLessThan(2100);
      }),
      { numRuns: 300 },
    );
  });
});

describe("bucketFolder()", () => {
  test("is not in the way of the tables", () => {
    expect(bucketFolder("logs")).toBe("logs");
    expect(bucketFolder("buckets.db")).toBe("~buckets.db");
    expect(bucketFolder("buckets.db-wal")).toBe("~buckets.db-wal");
  });
});

describe("keyBytes()", () => {
  test("takes up to 1,024 bytes", () => {
    expect(keyBytes("é".repeat(512))).toHaveLength(1024);
  });

  test.each([
    ["too many bytes", "é".repeat(513), "KeyTooLongError"],
    ["half a character", "\ud83d", "InvalidURI"],
    ["nothing", "", "InvalidURI"],
  ])("refuses %s", (_, key, code) => {
    expect(() => keyBytes(key)).toThrow(expect.objectContaining({ code }));
    expect(() => keyBytes(key)).toThrow(Refusal);
  });
});
