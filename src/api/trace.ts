import type { OperationModel, Protocol, Service, SignedRequest, WireRequest } from "../aws/index.ts";
import type { TlsFacts } from "../capture/index.ts";
import type { Refusal } from "../core/index.ts";
import type { Caller } from "../identity/index.ts";
import type { Operation } from "./operation.ts";

/** A service as it is served: its model, and the meaning of those operations that have one yet. */
export interface ServedService {
  readonly model: Service;
  readonly operations: Readonly<Record<string, Operation<never, unknown, never> | undefined>>;
  /** What actions of policies begin with, where it is not the name that signatures bear (`cloudwatch` for `monitoring`). */
  readonly actionPrefix?: string;
  /** How the service says what others say by another name. */
  readonly refusal?: (refusal: Refusal) => Refusal;
}

/** A request as the HTTP side hands it over. */
export interface ArrivedRequest {
  readonly wire: WireRequest;
  readonly sourceIp: string;
  readonly secure: boolean;
  readonly tls?: TlsFacts;
  /** Why the request could not be read whole (too large, broken off), when it could not. */
  readonly broken?: Refusal;
}

/** What is known of a call so far. The record is made of it, however far the call got. */
export interface Trace {
  readonly arrived: ArrivedRequest;
  readonly requestId: string;
  readonly now: number;
  signed?: SignedRequest;
  served?: ServedService;
  protocol?: Protocol;
  model?: OperationModel;
  caller?: Caller;
  input?: Record<string, unknown>;
  /** What the operation adds to the record's `additionalEventData`. */
  additional?: Readonly<Record<string, unknown>>;
}
