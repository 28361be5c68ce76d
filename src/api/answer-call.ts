import type { Kysely } from "kysely";
import type { Logger } from "pino";
import {
  headerValue,
  nameForProtocol,
  type Protocol,
  parseRequest,
  readSignature,
  resolveOperation,
  serializeError,
  serializeResponse,
  validateInput,
  verifySignature,
  type WireResponse,
} from "../aws/index.ts";
import { type Clock, Failure, optional, type Random, Refusal, reason } from "../core/index.ts";
import {
  assertSessionMayCall,
  type Authorizer,
  type Caller,
  type CredentialStore,
  callerContext,
  denialMessage,
} from "../identity/index.ts";
import { callRecords, type Outcome, unparsedRecord } from "./call-record.ts";
import type { ControlSchema } from "./control-schema.ts";
import { claimedOperation, identifyService } from "./identify.ts";
import type { ApiMetrics } from "./metrics.ts";
import { linkedCall } from "./notification-links.ts";
import type { Call, Operation } from "./operation.ts";
import { type Recorder, RecordWaits } from "./recorder.ts";
import type { Throttle } from "./throttle.ts";
import type { ArrivedRequest, ServedService, Trace } from "./trace.ts";

export interface AnswerNeeds {
  readonly services: readonly ServedService[];
  readonly credentials: CredentialStore;
  readonly authorizer: Authorizer;
  readonly tables: Kysely<ControlSchema>;
  readonly recorder: Recorder;
  /** Whether the journal would take a record now, and if not, why. */
  readonly journalHealth: () => { readonly writable: boolean; readonly problem?: string };
  readonly throttle: Throttle;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: ApiMetrics;
  readonly log: Logger;
  readonly defaultAccount: string;
  readonly defaultRegion: string;
  /** A document that everybody may read, by path: the certificates of notifications. */
  readonly publicDocument?: (path: string) => Promise<string | undefined>;
}

/**
 * Answers one call of the AWS API: the path of a request as a list of steps.
 *
 * Whatever happens becomes a record, and the record is in the journal before the answer goes out. A call that changes
 * something or gives out credentials is refused with 503 when that cannot be had; one that only reads is answered, and
 * the missing record is counted inside the log.
 */
export function answerCalls(needs: AnswerNeeds): (arrived: ArrivedRequest) => Promise<WireResponse> {
  return async (request) => {
    const document = request.wire.method === "GET" ? await needs.publicDocument?.(request.wire.path) : undefined;
    if (document !== undefined) return { status: 200, headers: DOCUMENT_HEADERS, body: Buffer.from(document) };
    const arrived = { ...request, wire: linkedCall(request.wire) };
    const trace: Trace = { arrived, requestId: needs.random.uuid(), now: needs.clock.now() };
    const started = needs.clock.elapsed();
    try {
      await identifyOrTellWho(needs, trace);
      const { operation, call } = await admit(needs, trace);
      const additional = await operation.additionalEventData?.(trace.input as never, call as never);
      if (additional !== undefined) trace.additional = additional;
      await operation.prepare?.(trace.input as never, call as never);
      return operation.mutates
        ? await change(needs, trace, operation, call)
        : await read(needs, trace, operation, call);
    } catch (thrown) {
      return await refuse(needs, trace, thrown);
    } finally {
      needs.metrics.called(trace.served?.model.name ?? "unknown", needs.clock.elapsed() - started);
    }
  };
}

const DOCUMENT_HEADERS = { "content-type": "application/x-pem-file", "x-content-type-options": "nosniff" };

/**
 * A request that names nothing we serve goes no further, but its record says who sent it, where that can be proven. Of
 * one that did not come whole that is told, and the rest as far as it can be.
 */
async function identifyOrTellWho(needs: AnswerNeeds, trace: Trace): Promise<void> {
  const { broken } = trace.arrived;
  try {
    identify(needs, trace);
  } catch (refused) {
    // A body that did not come whole matches no signature.
    if (broken !== undefined) throw broken;
    // What else is wrong is not worth more than the refusal.
    if (trace.signed !== undefined) await authenticate(needs, trace).catch(() => undefined);
    throw refused;
  }
  if (broken !== undefined) throw broken;
}

/** Which service, operation and protocol; needs no trust in the request. */
function identify(needs: AnswerNeeds, trace: Trace): void {
  const request = trace.arrived.wire;
  const signed = readSignature(request);
  if (signed !== undefined) trace.signed = signed;
  const served = identifyService(needs.services, request, signed);
  if (served === undefined) throw unknownService(needs, trace);
  trace.served = served;
  const resolved = resolveOperation(served.model, request);
  trace.protocol = resolved.protocol;
  trace.model = resolved.operation;
}

/** Who calls, and may they? Leaves the parsed input in the trace. */
async function admit(
  needs: AnswerNeeds,
  trace: Trace,
): Promise<{ readonly operation: Operation<never, unknown, never>; readonly call: Call<ControlSchema> }> {
  const { model, protocol, served } = trace;
  if (model === undefined || protocol === undefined || served === undefined) throw new Error("identify() comes first");
  const operation = served.operations[model.name];
  // An operation that takes no signature (AssumeRoleWithSAML) shall not be refused for the lack of one.
  if (operation === undefined && model.unsigned && trace.signed === undefined) throw unsupported(served, model.name);
  if (operation?.runUnsigned !== undefined && trace.signed === undefined) return admitUnsigned(needs, trace, operation);
  const caller = await authenticate(needs, trace);
  needs.throttle.take(caller.account);
  trace.input = parseRequest(model, protocol, trace.arrived.wire);
  if (operation?.checksInput !== true) validateInput(model, protocol, trace.input);
  const call = callOf(needs, trace, caller);
  await authorize(needs, trace, call, operation);
  if (operation === undefined) throw unsupported(served, model.name);
  return { operation, call };
}

/** Nobody is known to call: all that lets in stands in the input, and the operation judges it. */
function admitUnsigned(
  needs: AnswerNeeds,
  trace: Trace,
  operation: Operation<never, unknown, never>,
): { readonly operation: Operation<never, unknown, never>; readonly call: Call<ControlSchema> } {
  const { model, protocol } = trace;
  const run = operation.runUnsigned?.bind(operation);
  if (model === undefined || protocol === undefined || run === undefined) throw new Error("admit() comes first");
  needs.throttle.take("unsigned");
  trace.input = parseRequest(model, protocol, trace.arrived.wire);
  validateInput(model, protocol, trace.input);
  // `run` of such an operation asks for no caller.
  const call = unsignedCall(needs, trace) as Call<ControlSchema>;
  return { operation: { mutates: operation.mutates, run }, call };
}

function unsupported({ model }: ServedService, name: string): Refusal {
  return new Refusal("UnsupportedOperationException", `${model.name} ${name} is not supported by OpenTrail`);
}

async function authenticate(needs: AnswerNeeds, trace: Trace): Promise<Caller> {
  const { signed, now } = trace;
  if (signed === undefined) {
    throw new Refusal("MissingAuthenticationToken", "Request is missing Authentication Token", 403);
  }
  const { caller, secretAccessKey } = await needs.credentials.find(signed.accessKeyId, signed.sessionToken, now);
  verifySignature(trace.arrived.wire, signed, secretAccessKey, { now });
  trace.caller = caller;
  needs.credentials.used(signed.accessKeyId, signed.service, signed.region, now);
  return caller;
}

async function authorize(
  needs: AnswerNeeds,
  trace: Trace,
  call: Call<ControlSchema>,
  operation: Operation<never, unknown, never> | undefined,
): Promise<void> {
  if (operation?.open === true) return;
  const { served, model, input } = trace;
  const { caller } = call;
  assertSessionMayCall(caller, served?.model.name ?? "");
  const prefix = served?.actionPrefix ?? served?.model.signingName;
  const action = `${prefix}:${operation?.permission ?? model?.name}`;
  const context = callerContext(caller, call);
  const conditions = (await operation?.conditions?.(input as never, call as never)) ?? {};
  for (const [key, value] of Object.entries(conditions)) {
    context.set(key.toLowerCase(), typeof value === "string" ? [value] : [...value]);
  }
  const resources = (await operation?.resources?.(input as never, call as never)) ?? ["*"];
  for (const resource of resources) {
    const resourcePolicy = await operation?.resourcePolicy?.(resource, call as never);
    const asked = { action, resource, context, ...optional("resourcePolicy", resourcePolicy) };
    const decision = await needs.authorizer.authorize(caller, asked);
    if (!decision.allowed) throw new Refusal("AccessDenied", denialMessage(caller, action, resource, decision), 403);
  }
}

async function read(
  needs: AnswerNeeds,
  trace: Trace,
  operation: Operation<never, unknown, never>,
  call: Call<ControlSchema>,
): Promise<WireResponse> {
  const output = await operation.run(trace.input as never, call as never);
  const response = respond(trace, output);
  await needs.recorder.recordOrCount(callRecords(needs, trace, operation, { output }));
  return response;
}

/** The change, its answer and its record commit as one. */
async function change(
  needs: AnswerNeeds,
  trace: Trace,
  operation: Operation<never, unknown, never>,
  call: Call<ControlSchema>,
): Promise<WireResponse> {
  const health = needs.journalHealth();
  if (!health.writable) throw unavailable(new Failure(health.problem ?? "the journal is closed"), NOTHING_CHANGED);
  try {
    return await needs.recorder.commit(async (tables) => {
      const output = await operation.run(trace.input as never, { ...call, tables } as never);
      return { answer: respond(trace, output), records: callRecords(needs, trace, operation, { output }) };
    });
  } finally {
    // Of the services here only IAM changes who may do what; giving out credentials changes nobody's.
    if (trace.served?.model.name === "iam") {
      needs.credentials.invalidate();
      needs.authorizer.invalidate();
    }
  }
}

function respond(trace: Trace, output: unknown): WireResponse {
  if (trace.model === undefined || trace.protocol === undefined) throw new Error("identify() comes first");
  return serializeResponse(trace.model, trace.protocol, output as Record<string, unknown>, trace.requestId);
}

/** Turns whatever was thrown into the service's own error form, and records it. */
async function refuse(needs: AnswerNeeds, trace: Trace, thrown: unknown): Promise<WireResponse> {
  const protocol = trace.protocol ?? guessProtocol(trace);
  const told = toRefusal(needs, trace, thrown);
  const refusal = nameForProtocol(trace.served?.refusal?.(told) ?? told, protocol);
  const service = trace.served?.model ?? needs.services[0]?.model;
  if (service === undefined) throw new Error("no service is served");
  const response = serializeError(service, protocol, refusal, trace.requestId);
  needs.metrics.refused(refusal.code);
  // The change was made: its own record will tell so, and no other.
  if (thrown instanceof RecordWaits) return response;
  const outcome: Outcome = { refusal };
  const operation = trace.model === undefined ? undefined : trace.served?.operations[trace.model.name];
  await needs.recorder.recordOrCount(
    trace.model === undefined ? [unparsedRecord(needs, trace, outcome)] : callRecords(needs, trace, operation, outcome),
  );
  return response;
}

function toRefusal(needs: AnswerNeeds, trace: Trace, thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown;
  needs.log.error({ err: thrown, requestId: trace.requestId, operation: trace.model?.name }, "a call failed inside");
  if (thrown instanceof RecordWaits) return unavailable(thrown, "The change was made; its record follows.");
  if (thrown instanceof Failure) return unavailable(thrown, NOTHING_CHANGED);
  return new Refusal("InternalFailure", "The request processing has failed because of an internal error.", 500);
}

const NOTHING_CHANGED = "Nothing was changed; try again when /healthz says ok.";

/** Callers are told the disk's own words; which file it is about stands in our log. */
function unavailable(failure: Failure, outcome: string): Refusal {
  let root: unknown = failure;
  while (root instanceof Error && root.cause !== undefined) root = root.cause;
  const message = `The audit log or its tables cannot be used (${reason(root)}). ${outcome}`;
  return new Refusal("ServiceUnavailable", message, 503);
}

function unknownService(needs: AnswerNeeds, trace: Trace): Refusal {
  const served = needs.services.map(({ model }) => model.signingName).join(", ");
  const asked =
    trace.signed === undefined
      ? "this request names no service that"
      : `the service ${trace.signed.service} is none that`;
  if (trace.signed === undefined && claimedOperation(trace.arrived.wire) === undefined) {
    return new Refusal("MissingAuthenticationToken", "Request is missing Authentication Token", 403);
  }
  return new Refusal("UnknownOperationException", `${asked} OpenTrail serves here; it serves ${served}`, 404);
}

/** The error form for a request that no service of ours claims. */
function guessProtocol(trace: Trace): Protocol {
  const { headers } = trace.arrived.wire;
  const type = headers["content-type"]?.[0] ?? "";
  if (headers["smithy-protocol"]?.[0] === "rpc-v2-cbor") return "rpc-v2-cbor";
  if (headers["x-amz-target"] !== undefined || type.includes("json")) return "json-1.1";
  return trace.served?.model.protocol ?? "query";
}

function callOf(needs: AnswerNeeds, trace: Trace, caller: Caller): Call<ControlSchema> {
  return { caller, ...unsignedCall(needs, trace) };
}

function unsignedCall(needs: AnswerNeeds, trace: Trace): Omit<Call<ControlSchema>, "caller"> {
  const { requestId, now, arrived, signed } = trace;
  const userAgent = headerValue(arrived.wire.headers, "user-agent");
  return {
    requestId,
    region: signed?.region ?? needs.defaultRegion,
    now,
    sourceIp: arrived.sourceIp,
    secure: arrived.secure,
    ...(userAgent === undefined ? {} : { userAgent }),
    tables: needs.tables,
  };
}
