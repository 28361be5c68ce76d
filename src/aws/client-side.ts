import { Failure } from "../core/index.ts";
import type { WireRequest, WireResponse } from "./http.ts";
import { CODECS } from "./protocols/codecs.ts";
import { Malformed } from "./protocols/scalars.ts";
import type { Values } from "./protocols/tree.ts";
import type { OperationModel, Protocol, Service } from "./shapes.ts";

export interface RequestOptions {
  /** Goes into the `host` header; the model may put a prefix before it. */
  readonly host: string;
  /** Fills idempotency tokens that the input does not give. */
  readonly idempotencyToken?: () => string;
}

/** What an error response says. */
export interface ParsedError {
  /** Without namespace; empty when the response names none. */
  readonly code: string;
  readonly message: string;
  readonly requestId?: string;
  readonly status: number;
  /** Further members of the modelled error. */
  readonly details: Record<string, unknown>;
}

/** A request as clients of the model send it; neither signed nor with a content length. */
export function serializeRequest(
  operation: OperationModel,
  protocol: Protocol,
  input: Record<string, unknown>,
  options: RequestOptions,
): WireRequest {
  const host = hostPrefix(operation, input) + options.host;
  return CODECS[protocol].serializeRequest(operation, withToken(operation, input, options), host);
}

function withToken({ input: shape }: OperationModel, input: Values, { idempotencyToken }: RequestOptions): Values {
  const token = shape?.members.find((member) => member.idempotencyToken);
  if (token === undefined || idempotencyToken === undefined || input[token.name] !== undefined) return input;
  return { ...input, [token.name]: idempotencyToken() };
}

function hostPrefix({ hostPrefix: template = "" }: OperationModel, input: Values): string {
  return template.replace(/\{(\w+)\}/g, (_, member: string) => String(input[member]));
}

/**
 * The output of a call that succeeded.
 * @throws {Failure} when the answer does not follow the protocol.
 */
export function parseResponse(
  operation: OperationModel,
  protocol: Protocol,
  response: WireResponse,
): Record<string, unknown> {
  try {
    return CODECS[protocol].parseResponse(operation, response);
  } catch (thrown) {
    if (thrown instanceof Malformed) throw new Failure(`read the answer to ${operation.name}`, thrown);
    throw thrown;
  }
}

/** What an error response says; a body that cannot be read (a proxy's page) leaves code and message empty. */
export function parseError(service: Service, protocol: Protocol, response: WireResponse): ParsedError {
  const { code = "", message = "", requestId, details = {} } = readError(service, protocol, response);
  return { code, message, status: response.status, details, ...(requestId === undefined ? {} : { requestId }) };
}

function readError(service: Service, protocol: Protocol, response: WireResponse) {
  try {
    return CODECS[protocol].parseError(service, response);
  } catch (thrown) {
    if (thrown instanceof Malformed) return {};
    throw thrown;
  }
}
