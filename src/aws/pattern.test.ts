import { describe, expect, test } from "vitest";
import type { ServiceName, Shape, StructureShape } from "./index.ts";
import { service } from "./index.ts";
import cloudtrail from "./models/cloudtrail.json" with { type: "json" };
import cloudtrailData from "./models/cloudtrail-data.json" with { type: "json" };
import iam from "./models/iam.json" with { type: "json" };
import sts from "./models/sts.json" with { type: "json" };
import { compilePattern } from "./pattern.ts";

test.each([
  ["[\\w+=,.@-]+", "a+b@c", true],
  ["[\\w+=,.@-]+", "a b", false],
  ["abc", "xabcx", false],
  ["a|b", "ab", false],
  ["^o-[a-z]+$", "o-x", true],
  ["(?s).*", "a\nb", true],
  [".*", "a\nb", false],
  ["[\\p{L}\\p{Z}]+", "é ü", true],
  ["\\p{Alpha}+", "ab", true],
  ["[\\p{Alnum}_]+", "a1_", true],
  ["[\\w+=,.@\\:-]*", "a:b", true],
  ["[a-z\\_\\-]+", "a_b-c", true],
  ["a\\-b", "a-b", true],
  ["[a\\-c]", "b", false],
  ["[\\uD800\\uDC00-\\uDBFF\\uDFFF]", "😀", true],
])("compilePattern(%j) says whether the whole of %j fits: %s", (source, text, fits) => {
  expect(compilePattern(source)?.expression.test(text)).toBe(fits);
});

test("compilePattern() gives up on what JavaScript cannot read", () => {
  expect(compilePattern("(?<!a++)b")).toBeUndefined();
});

describe("every pattern of the served models is checked", () => {
  const models: readonly (readonly [ServiceName, { readonly shapes: object }])[] = [
    ["iam", iam],
    ["sts", sts],
    ["cloudtrail", cloudtrail],
    ["cloudtrail-data", cloudtrailData],
  ];
  test.each(models)("%s", (name, { shapes }) => {
    const sources = Object.entries(shapes).flatMap(([shape, { pattern }]: [string, { pattern?: string }]) =>
      pattern === undefined ? [] : [[shape, pattern]],
    );
    expect(sources.length).toBeGreaterThan(2);
    expect(sources.filter(([, source = ""]) => compilePattern(source) === undefined)).toEqual([]);
    expect(stringsOf(name).filter(({ pattern }) => pattern !== undefined).length).toBeGreaterThan(1);
  });
});

/** Every string shape that an input of the service reaches. */
function stringsOf(name: ServiceName): Extract<Shape, { type: "string" }>[] {
  const seen = new Set<Shape>();
  const waiting: (Shape | undefined)[] = [...service(name).operations.values()].map(({ input }) => input);
  while (waiting.length > 0) {
    const shape = waiting.pop();
    if (shape === undefined || seen.has(shape)) continue;
    seen.add(shape);
    waiting.push(...partsOf(shape));
  }
  return [...seen].filter((shape) => shape.type === "string");
}

function partsOf(shape: Shape): readonly Shape[] {
  if (shape.type === "list") return [shape.member.shape];
  if (shape.type === "map") return [shape.key.shape, shape.value.shape];
  return shape.type === "structure" ? (shape satisfies StructureShape).members.map((member) => member.shape) : [];
}
