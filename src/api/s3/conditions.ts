import type { ObjectVersion } from "../../buckets/index.ts";
import { Refusal } from "../../core/index.ts";

/** What must hold of an object before it is read. */
export interface ReadConditions {
  readonly IfMatch?: string | undefined;
  readonly IfNoneMatch?: string | undefined;
  readonly IfModifiedSince?: Date | undefined;
  readonly IfUnmodifiedSince?: Date | undefined;
}

export type Verdict =
  | { readonly kind: "met" | "not modified" }
  | { readonly kind: "failed"; readonly condition: string };

/**
 * Whether an object may be read. ETags go before dates: If-Match that holds makes If-Unmodified-Since no matter, and
 * If-None-Match that holds If-Modified-Since (RFC 9110 section 13.2.2).
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
export function judge(conditions: ReadConditions, { etag, lastModified }: ObjectVersion): Verdict {
  const { IfMatch, IfNoneMatch, IfModifiedSince, IfUnmodifiedSince } = conditions;
  // Dates on the wire have whole seconds.
  const modified = Math.floor(lastModified / 1000) * 1000;
  if (IfMatch !== undefined) {
    if (!names(IfMatch, etag)) return { kind: "failed", condition: "If-Match" };
  } else if (IfUnmodifiedSince !== undefined && modified > IfUnmodifiedSince.getTime()) {
    return { kind: "failed", condition: "If-Unmodified-Since" };
  }
  if (IfNoneMatch !== undefined) {
    if (names(IfNoneMatch, etag)) return { kind: "not modified" };
  } else if (IfModifiedSince !== undefined && modified <= IfModifiedSince.getTime()) {
    return { kind: "not modified" };
  }
  return { kind: "met" };
}

/** The conditions on the source of a copy: a source that is as it was is a failure there. */
export function requireOfSource(
  input: {
    readonly CopySourceIfMatch?: string | undefined;
    readonly CopySourceIfNoneMatch?: string | undefined;
    readonly CopySourceIfModifiedSince?: Date | undefined;
    readonly CopySourceIfUnmodifiedSince?: Date | undefined;
  },
  source: ObjectVersion,
): void {
  const verdict = judge(
    {
      IfMatch: input.CopySourceIfMatch,
      IfNoneMatch: input.CopySourceIfNoneMatch,
      IfModifiedSince: input.CopySourceIfModifiedSince,
      IfUnmodifiedSince: input.CopySourceIfUnmodifiedSince,
    },
    source,
  );
  if (verdict.kind === "met") return;
  const changed = input.CopySourceIfNoneMatch === undefined ? "If-Modified-Since" : "If-None-Match";
  const condition = verdict.kind === "failed" ? verdict.condition : changed;
  throw preconditionFailed(`x-amz-copy-source-${condition}`);
}

export function preconditionFailed(condition: string): Refusal {
  const message = "At least one of the pre-conditions you specified did not hold";
  return new Refusal("PreconditionFailed", message, 412, { Condition: condition });
}

/** Whether a list of ETags, with or without their quotes, has this one; `*` has all. */
function names(list: string, etag: string): boolean {
  return list.split(",").some((item) => {
    const text = item.trim().replace(/^W\//, "");
    return text === "*" || quoted(text) === etag;
  });
}

export function quoted(etag: string): string {
  return etag.startsWith('"') ? etag : `"${etag}"`;
}
