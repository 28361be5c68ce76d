import type { RecordResource } from "../../record/index.ts";

/** What a request says, in the words of a record. Pure: the same request gives the same description. */
export interface RequestDescription {
  /** CloudTrail's shape, secrets redacted; null when the call had no parameters. */
  readonly requestParameters: unknown;
  /** What the call is about, as far as the request tells. */
  readonly resources: readonly RecordResource[];
  /**
   * The same with those whose names the parameters hide, for policy evaluation; none when the body could be read in part
   * only. Must never be recorded. Absent when they are the same.
   */
  readonly targets?: readonly RecordResource[];
  readonly readOnly: boolean;
  readonly managementEvent: boolean;
  readonly eventCategory: "Management" | "Data";
  readonly apiVersion?: string;
  /** Additions to the record that the request alone decides (SignatureVersion, AuthenticationMethod …). */
  readonly additionalEventData: Readonly<Record<string, unknown>>;
  /**
   * The parsed input by the model's member names, secrets included: for policy evaluation and for learning identities.
   * Must never be recorded. Absent when nothing could be parsed.
   */
  readonly input?: Readonly<Record<string, unknown>>;
}

/** What a response says, in the words of a record. */
export interface ResponseDescription {
  /** null for reads, errors, and answers without content. */
  readonly responseElements: unknown;
  readonly errorCode?: string;
  readonly errorMessage?: string;
  /** The id under which the upstream knows the call. */
  readonly requestID?: string;
  readonly resources: readonly RecordResource[];
  readonly additionalEventData: Readonly<Record<string, unknown>>;
  /** The parsed output by the model's member names, secrets included. Must never be recorded. */
  readonly output?: Readonly<Record<string, unknown>>;
}

/** What the description needs to know beside the call itself. */
export interface CallPlace {
  /** Owner of the resources named by a bare name. */
  readonly account: string;
  readonly region: string;
  /** Of buckets that lie here, whatever Region a request is signed for; told by the Region when absent. */
  readonly partition?: string;
  /** Base names of virtual-host buckets, lower case, without a port: `s3.example.org`. */
  readonly bucketHosts: readonly string[];
}
