/** Inputs made up from models: just enough, or everything. */
import type { Member, Shape, Slot, StructureShape } from "../src/aws/index.ts";

export interface SampleOptions {
  /** Whether members that are not required are there. */
  readonly optional: boolean;
  /** Every string that is bound to a path. */
  readonly label: string;
}

/** Deeper structures stay empty, which only their service would mind. */
const DEPTH_MAX = 3;

/** An input for an operation; deterministic. */
export function sampleInput(shape: StructureShape | undefined, options: SampleOptions): Record<string, unknown> {
  return shape === undefined ? {} : sampleStructure(shape, options, 0);
}

function sampleStructure(shape: StructureShape, options: SampleOptions, depth: number): Record<string, unknown> {
  if (depth >= DEPTH_MAX) return {};
  const wanted = shape.members.filter((member) => member.required || options.optional);
  const members = shape.union ? shape.members.slice(0, 1) : wanted;
  return Object.fromEntries(members.map((member) => [member.name, sampleMember(member, options, depth)]));
}

function sampleMember(member: Member, options: SampleOptions, depth: number): unknown {
  if (member.location === "uri" && member.shape.type === "string") return options.label;
  return sampleSlot(member, options, depth);
}

function sampleSlot({ shape }: Slot, options: SampleOptions, depth: number): unknown {
  return sampleValue(shape, options, depth);
}

function sampleValue(shape: Shape, options: SampleOptions, depth: number): unknown {
  switch (shape.type) {
    case "structure":
      return shape.document ? { some: "document" } : sampleStructure(shape, options, depth + 1);
    case "list":
      return depth >= DEPTH_MAX ? [] : [sampleSlot(shape.member, options, depth + 1)];
    case "map":
      return depth >= DEPTH_MAX ? {} : { "some-key": sampleSlot(shape.value, options, depth + 1) };
    case "string":
      return "some-text";
    case "integer":
    case "long":
    case "float":
    case "double":
      return 7;
    case "boolean":
      return true;
    case "timestamp":
      return new Date(1_700_000_000_000);
    case "blob":
      return Buffer.from("some bytes");
  }
}
