import { describe, expect, test } from "vitest";
import { parseSource, parseSources } from "./index.ts";

const TOKEN = "0123456789abcdef";

describe("parseSource()", () => {
  test("takes a webhook", () => {
    expect(
      parseSource({ name: "store-1", kind: "minio", token: TOKEN, account: 11122223333, region: "eu-west-1" }),
    ).toEqual({
      name: "store-1",
      kind: "minio",
      account: "011122223333",
      region: "eu-west-1",
      transport: { kind: "webhook", token: TOKEN },
    });
  });

  test.each(["vault", "ceph-ops-log", "s3-access-log", "kubernetes"])("takes a file of kind %s", (kind) => {
    expect(parseSource({ name: "a", kind, path: "/var/log/a" })).toEqual({
      name: "a",
      kind,
      transport: { kind: "file", path: "/var/log/a" },
    });
  });

  test.each([
    ["text", "minio", "a source is written as name, kind, and token or path"],
    ["no name", { kind: "minio", token: TOKEN }, "a source needs a name"],
    ["a name with a slash", { name: "a/b", kind: "minio", token: TOKEN }, "a/b is not a name of a source"],
    ["no kind", { name: "a" }, "the source a needs a kind"],
    [
      "an unknown kind",
      { name: "a", kind: "toString" },
      "the source a is of kind toString; known are ceph-ops-log, kubern",
    ],
    ["a misspelt member", { name: "a", kind: "minio", tokn: TOKEN }, "the source a has no tokn; known are name, kind"],
    ["a webhook without a token", { name: "a", kind: "minio" }, "the source a is of kind minio and needs a token"],
    [
      "a path for a webhook",
      { name: "a", kind: "minio", path: "/x" },
      "the source a is of kind minio and needs a token",
    ],
    [
      "a token for a file",
      { name: "a", kind: "vault", token: TOKEN },
      "the source a is of kind vault and needs a path",
    ],
    ["both", { name: "a", kind: "kubernetes", token: TOKEN, path: "/x" }, "needs a token or path, and nothing else"],
    ["a short token", { name: "a", kind: "minio", token: "secret" }, "the token of the source a needs at least 16"],
    [
      "an account that is none",
      { name: "a", kind: "vault", path: "/x", account: "me" },
      "the account of the source a is not",
    ],
    [
      "a Region that is none",
      { name: "a", kind: "vault", path: "/x", region: "here" },
      "the region of the source a is not",
    ],
  ])("refuses %s", (_, value, message) => {
    expect(() => parseSource(value)).toThrow(message);
  });
});

describe("parseSources()", () => {
  test.each([[undefined], [null], [[]]])("takes %j for none", (value) => {
    expect(parseSources(value)).toEqual([]);
  });

  test("refuses two of one name, and what is no list", () => {
    const source = { name: "a", kind: "vault", path: "/x" };
    expect(() => parseSources([source, source])).toThrow("there are two sources with the name a");
    expect(() => parseSources({ a: source })).toThrow("sources is a list");
  });
});
