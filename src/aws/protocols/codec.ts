import type { Refusal } from "../../core/index.ts";
import type { WireRequest, WireResponse } from "../http.ts";
import type { ErrorModel, OperationModel, Service } from "../shapes.ts";
import type { Values } from "./tree.ts";

/** One protocol, both directions. What does not follow the protocol throws `Malformed`. */
export interface Codec {
  parseRequest(operation: OperationModel, request: WireRequest): Values;
  serializeResponse(operation: OperationModel, output: Values, requestId: string): WireResponse;
  serializeError(service: Service, answer: ErrorAnswer, requestId: string): WireResponse;
  serializeRequest(operation: OperationModel, input: Values, host: string): WireRequest;
  parseResponse(operation: OperationModel, response: WireResponse): Values;
  parseError(service: Service, response: WireResponse): ErrorReading;
}

/** A refusal seen through the model of the service that refuses. */
export interface ErrorAnswer {
  readonly refusal: Refusal;
  /** Absent for errors that every service may give (`AccessDenied`, `Throttling`). */
  readonly model?: ErrorModel;
  /** The shape's name, or the refusal's code. */
  readonly name: string;
  /** The short code of query, ec2 and rest-xml. */
  readonly code: string;
  readonly status: number;
  readonly sender: boolean;
}

/** What an error response says, as far as it says it. */
export interface ErrorReading {
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  readonly requestId?: string | undefined;
  readonly details?: Values | undefined;
}

export const EMPTY: Uint8Array = new Uint8Array(0);

/** `Name` out of `namespace#Name:http://…`, the forms in which JSON services spell an error's code. */
export function bareCode(code: string | undefined): string | undefined {
  return code?.split(":", 1)[0]?.split("#").at(-1)?.trim();
}

/** `TrailNotFound;Sender`: the code that services which left query keep telling their old clients. */
export function queryErrorHeader({ code, sender }: ErrorAnswer): string {
  return `${code};${sender ? "Sender" : "Receiver"}`;
}

/** The details that the error's model knows; its message goes by other ways. */
export function modelledDetails({ refusal, model }: ErrorAnswer): Values {
  const details: Values = {};
  for (const { name } of model?.shape.members ?? []) {
    if (name.toLowerCase() !== "message" && Object.hasOwn(refusal.details, name)) details[name] = refusal.details[name];
  }
  return details;
}

/** Everything but message and code. */
export function detailsOf(values: Values | undefined): Values {
  const details: Values = {};
  for (const [name, value] of Object.entries(values ?? {})) {
    if (!/^(?:message|code|type|__type)$/i.test(name)) details[name] = value;
  }
  return details;
}
