/** A call as an upstream's own log tells it. Texts are from outside. */
export interface LoggedCall {
  readonly timeMs: number;
  readonly requestId: string | undefined;
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  /** The log's word, `REST.PUT.OBJECT`. */
  readonly operation: string;
  /** CloudTrail's name; undefined when the log's word is not known. */
  readonly eventName: string | undefined;
  readonly method: string | undefined;
  readonly status: number | undefined;
  readonly errorCode: string | undefined;
  readonly remoteIp: string | undefined;
  readonly requester: string | undefined;
  /** It tells of a part of a call that another line tells of: one key of DeleteObjects, the source of a copy. */
  readonly part: boolean;
}

/** A call as a record of OpenTrail tells it. Texts are from outside. */
export interface RecordedCall {
  readonly eventID: string;
  readonly timeMs: number;
  readonly requestId: string | undefined;
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  readonly eventName: string;
  readonly errorCode: string | undefined;
  readonly remoteIp: string | undefined;
  readonly arn: string | undefined;
  readonly who: string | undefined;
  /** A key stands in the record: somebody signed. */
  readonly signed: boolean;
  /** `additionalEventData.outcome`: `not-forwarded`, `unknown`, `client-left`. */
  readonly outcome: string | undefined;
}

/** What the two say differently of one call. */
export interface Disagreement {
  readonly field: "operation" | "bucket" | "key" | "outcome" | "error" | "requester";
  readonly log: string;
  readonly record: string;
}

/**
 * - `not recorded`: in their log only, so it went around the gateway, or its record is lost.
 * - `not logged`: in our records only.
 * - `differs`: one call, told differently.
 */
export type Difference =
  | { readonly kind: "not recorded"; readonly log: LoggedCall }
  | { readonly kind: "not logged"; readonly record: RecordedCall }
  | {
      readonly kind: "differs";
      readonly log: LoggedCall;
      readonly record: RecordedCall;
      readonly fields: readonly Disagreement[];
    };
