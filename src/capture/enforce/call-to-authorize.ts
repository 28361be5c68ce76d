import type { ResolvedCall } from "../../aws/index.ts";
import type { CallCircumstances } from "../../identity/index.ts";
import type { RecordResource } from "../../record/index.ts";
import type { CapturedHead } from "../call/captured.ts";

/** A call about whose permission somebody must decide. */
export interface CallToAuthorize {
  readonly resolved: ResolvedCall;
  readonly head: CapturedHead;
  /**
   * All of the parsed input by the model's member names, `{}` for an operation without any. Undefined when it could not be
   * read, or not whole: what cannot be read cannot be allowed.
   */
  readonly input: Readonly<Record<string, unknown>> | undefined;
  /** What the call is about, as the record will name it. */
  readonly resources: readonly RecordResource[];
  /** Owner of the resources named by a bare name. */
  readonly account: string;
  /**
   * Of what the call is about, where its Region does not say: which Region a request is signed for is the client's own
   * choice, and policies about our buckets must hold whatever it is.
   */
  readonly partition?: string;
  /** Condition keys about what is there already, as far as somebody here knows them: the tags of an object. */
  readonly known?: ConditionValues;
  readonly circumstances: CallCircumstances;
  /** `TLSv1.3`; absent when the call came without. */
  readonly tlsVersion?: string;
}

/** Values of condition keys; the keys in AWS's spelling, their case does not matter. */
export type ConditionValues = Readonly<Record<string, readonly string[]>>;

/** One question to the caller's policies: the action on every one of the resources. */
export interface Demand {
  readonly action: string;
  /** ARNs, or `*` alone. */
  readonly resources: readonly string[];
  /** Beyond what holds for the whole call. */
  readonly conditions?: ConditionValues;
  /** It is about something that is yet to be: what bears the same name now has no say. */
  readonly makes?: true;
}

export type Input = Readonly<Record<string, unknown>>;

/** The member as text, if it is text and not empty. */
export function textOf(input: Input, name: string): string | undefined {
  const value = input[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Any value as a structure; what is none is an empty one. */
export function structureOf(value: unknown): Input {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Input) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/**
 * The values at a path of members (`Placement.Tenancy`), as a policy compares them. Lists on the way count with each of
 * their items; structures at its end count for nothing.
 */
export function valuesAt(input: Input, path: string): readonly string[] {
  const found = path
    .split(".")
    .reduce<readonly unknown[]>(
      (values, name) => values.flatMap((value) => listOrOne(structureOf(value)[name])),
      [input],
    );
  return found.flatMap((value) => {
    if (value instanceof Date) return [value.toISOString()];
    const simple = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
    return simple || typeof value === "bigint" ? [String(value)] : [];
  });
}

/** The ARN of something of the account in the call's Region; `resource` is its type and name. */
export function arnIn({ account, circumstances }: CallToAuthorize, service: string, resource: string): string {
  return `arn:${partitionOf(circumstances.region)}:${service}:${circumstances.region}:${account}:${resource}`;
}

export function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

function listOrOne(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}
