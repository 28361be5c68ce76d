import { describe, expect, test } from "vitest";
import { parseSource } from "./copy-source.ts";

describe("parseSource()", () => {
  test.each([
    ["/logs/a", { bucket: "logs", key: "a" }],
    ["logs/a/b", { bucket: "logs", key: "a/b" }],
    ["logs/a%2Fb%3F?versionId=x%2B", { bucket: "logs", key: "a/b?", versionId: "x+" }],
    ["logs%2Fa+b", { bucket: "logs", key: "a+b" }],
    ["logs/%C3%BC?versionId=null", { bucket: "logs", key: "ü", versionId: "null" }],
    ["%2Flogs%2Fa", { bucket: "logs", key: "a" }],
    ["%2flogs/%2Fa", { bucket: "logs", key: "/a" }],
    ["logs//a", { bucket: "logs", key: "/a" }],
  ])("reads %s", (text, source) => {
    expect(parseSource(text)).toEqual(source);
  });

  test.each(["", "/", "//logs/a", "/%2Flogs/a", "logs", "logs/", "/logs/", "logs/%ff"])("refuses %j", (text) => {
    expect(() => parseSource(text)).toThrow("Copy Source must mention");
  });
});
