import type { Kysely } from "kysely";
import type { Caller, NamedPolicy } from "../identity/index.ts";
import type { RecordResource } from "../record/index.ts";

/** What an operation knows about the call it answers, beyond its input. */
export interface Call<Schema> {
  readonly caller: Caller;
  readonly requestId: string;
  /** Region of the signature's scope. */
  readonly region: string;
  /** Milliseconds since 1970, read once when the call arrived. */
  readonly now: number;
  readonly sourceIp: string;
  /** Whether the call came over TLS. */
  readonly secure: boolean;
  readonly userAgent?: string;
  /**
   * The control-plane tables. For an operation that mutates this is a transaction, which the server commits together
   * with the call's record once `run` has answered, and rolls back when it throws.
   */
  readonly tables: Kysely<Schema>;
}

/** The values that a policy's conditions may ask about, by key (`aws:RequestTag/team`, `iam:PolicyARN`); keys match whatever their case. */
export type ConditionValues = Readonly<Record<string, string | readonly string[]>>;

/**
 * One operation of a served API: its meaning only. Routing, parsing, validation, signatures, authorization, errors and
 * the record are the server's. Input and output have the shapes of the service's model; required members are there.
 */
export interface Operation<Input, Output, Schema> {
  /**
   * What must be done before `run`, outside of its transaction: asking other servers, whatever takes long. The tables may
   * change between the two; a refusal ends the call.
   */
  prepare?(input: Input, call: Call<Schema>): Promise<void>;
  /** `undefined` answer of `run` serves operations whose model has no output. */
  run(input: Input, call: Call<Schema>): Promise<Output>;
  /** The action that the caller needs permission for, where it is another operation's (PublishBatch needs Publish). */
  readonly permission?: string;
  /** The ARNs that the caller needs permission for, each of them; `["*"]` when absent. */
  resources?(input: Input, call: Call<Schema>): Promise<readonly string[]> | readonly string[];
  /** The policy of the resource itself, where it has one (a topic's): it can let in callers of other accounts. */
  resourcePolicy?(resource: string, call: Call<Schema>): Promise<NamedPolicy | undefined>;
  conditions?(input: Input, call: Call<Schema>): Promise<ConditionValues> | ConditionValues;
  /** What of the input the record tells, where that is not all of it: messages and data are no business of the log's readers. */
  recordedInput?(input: Input): Readonly<Record<string, unknown>>;
  /** What the record names as touched, where CloudTrail does so for this operation. */
  recordedResources?(input: Input): readonly RecordResource[];
  /** The accounts that own what the call uses: each but the caller's own gets a copy of the record when it succeeds. */
  owners?(input: Input): readonly string[];
  /**
   * What to do when the request bears no signature, for operations that may be called so (sns ConfirmSubscription).
   * Whatever the caller must know to be let in stands in the input. `call.caller` is absent.
   */
  runUnsigned?(input: Input, call: Omit<Call<Schema>, "caller">): Promise<Output>;
  /** More that the record tells, as its `additionalEventData`. Asked before `run`. */
  additionalEventData?(input: Input, call: Call<Schema>): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** True when no permission is needed (sts GetCallerIdentity), or the operation decides by itself (sts AssumeRole). */
  readonly open?: boolean;
  /**
   * True when `run` changes the control plane or gives out credentials: it runs in a transaction with its record, and
   * never when its record could not be kept.
   */
  readonly mutates: boolean;
  /**
   * True when `run` checks the modelled constraints by itself, because the API has names of its own for their errors
   * (`InvalidMaxResultsException`) where the generic validator knows only `ValidationException`. Nothing of the input is
   * then sure but its types.
   */
  readonly checksInput?: boolean;
}

/** The operations of a service that we serve, by name; the model's others are refused by name. */
export type Operations<Model, Schema> = {
  readonly [Name in keyof Model]?: Model[Name] extends { readonly input: infer Input; readonly output: infer Output }
    ? Operation<Input, Output, Schema>
    : never;
};
