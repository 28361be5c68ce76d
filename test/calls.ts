import { Agent, type IncomingMessage, request as httpRequest } from "node:http";
import {
  type OperationModel,
  parseError,
  parseResponse,
  type Service,
  type ServiceName,
  type SigningCredentials,
  serializeRequest,
  service as serviceModel,
  signRequest,
  type WireRequest,
  type WireResponse,
} from "../src/aws/index.ts";
import type { TestServer } from "./server.ts";

/** What came back for one call, whether it succeeded or was refused. */
export interface Answered {
  readonly status: number;
  readonly requestId: string;
  /** The error's code; empty when the call succeeded. */
  readonly code: string;
  readonly message: string;
  readonly output: Readonly<Record<string, unknown>>;
}

/** Sends one signed call, once: rejects when no whole answer came. */
export type Caller = (service: ServiceName, operation: string, input?: Record<string, unknown>) => Promise<Answered>;

/** A record as LookupEvents shows it, parsed. */
export type TestRecord = Readonly<Record<string, unknown>> & {
  readonly eventID: string;
  readonly eventName: string;
  readonly eventTime: string;
  readonly userIdentity: Readonly<Record<string, unknown>>;
  readonly requestID?: string;
  readonly errorCode?: string;
  readonly requestParameters?: Readonly<Record<string, unknown>> | null;
};

type CloudTrailEvents = readonly { readonly CloudTrailEvent: string }[];

/** Calls of one client over one kept connection, as SDKs make them, but never repeated. */
export function callerOf(
  { endpoint, root }: Pick<TestServer, "endpoint" | "root">,
  credentials: SigningCredentials = root,
  now: () => number = Date.now,
): Caller {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return async (name, operationName, input = {}) => {
    const { model, operation } = operationOf(name, operationName);
    const request = signedRequest(endpoint, credentials, name, operationName, input, now());
    const response = await send(endpoint, request, agent);
    const answered = { status: response.status, requestId: response.headers["x-amzn-requestid"] ?? "" };
    if (response.status < 300) {
      return { ...answered, code: "", message: "", output: parseResponse(operation, model.protocol, response) };
    }
    const { code, message } = parseError(model, model.protocol, response);
    return { ...answered, code, message, output: {} };
  };
}

/** The request that a client of the service's model would send, signed at `now` (milliseconds since 1970). */
export function signedRequest(
  endpoint: string,
  credentials: SigningCredentials,
  name: ServiceName,
  operationName: string,
  input: Record<string, unknown> = {},
  now: number = Date.now(),
): WireRequest {
  const { model, operation } = operationOf(name, operationName);
  const plain = serializeRequest(operation, model.protocol, input, { host: new URL(endpoint).host });
  const request = { ...plain, headers: { ...plain.headers, "user-agent": ["opentrail-test/1"] } };
  return signRequest(request, credentials, { region: "us-east-1", service: model.signingName, now });
}

/** Sends a request once and resolves with the whole answer. */
export function send(endpoint: string, wire: WireRequest, agent?: Agent): Promise<WireResponse> {
  const headers: Record<string, string> = { "content-length": String(wire.body.length) };
  for (const [name, values] of Object.entries(wire.headers))
    if (values !== undefined) headers[name] = values.join(", ");
  return new Promise((resolve, reject) => {
    const path = wire.query === "" ? wire.path : `${wire.path}?${wire.query}`;
    const sent = httpRequest(endpoint, {
      method: wire.method,
      path,
      headers,
      ...(agent === undefined ? {} : { agent }),
    });
    sent.on("response", (response) => void readWhole(response).then(resolve, reject));
    sent.on("error", reject);
    sent.end(wire.body);
  });
}

/** Every event that LookupEvents shows for `input`, newest first, page by page. */
export async function allRecords(call: Caller, input: Record<string, unknown> = {}): Promise<readonly TestRecord[]> {
  const records: TestRecord[] = [];
  let nextToken: string | undefined;
  do {
    const { output, code, message } = await call("cloudtrail", "LookupEvents", {
      ...input,
      MaxResults: 50,
      ...(nextToken === undefined ? {} : { NextToken: nextToken }),
    });
    if (code !== "") throw new Error(`LookupEvents: ${code}: ${message}`);
    const events = output["Events"] as CloudTrailEvents;
    records.push(...events.map((event) => JSON.parse(event.CloudTrailEvent) as TestRecord));
    nextToken = output["NextToken"] as string | undefined;
  } while (nextToken !== undefined);
  return records;
}

/** Every record with this event name. */
export function recordsNamed(call: Caller, eventName: string): Promise<readonly TestRecord[]> {
  return allRecords(call, { LookupAttributes: [{ AttributeKey: "EventName", AttributeValue: eventName }] });
}

/** The newest records, newest first: one page. */
export async function newestRecords(call: Caller): Promise<readonly TestRecord[]> {
  const { output } = await call("cloudtrail", "LookupEvents", { MaxResults: 50 });
  return (output["Events"] as CloudTrailEvents).map((event) => JSON.parse(event.CloudTrailEvent) as TestRecord);
}

/** The record of the call that was answered with this request id, if it is among the newest. */
export async function recordOf(call: Caller, requestId: string): Promise<TestRecord | undefined> {
  return (await newestRecords(call)).find((record) => record.requestID === requestId);
}

/** What `/healthz` answers. */
export async function healthOf({ status }: Pick<TestServer, "status">): Promise<{
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>> & {
    readonly ok: boolean;
    readonly journal: { readonly head: number };
  };
}> {
  const response = await fetch(`${status}/healthz`);
  return { status: response.status, body: (await response.json()) as never };
}

function operationOf(name: ServiceName, operationName: string): { model: Service; operation: OperationModel } {
  const model = serviceModel(name);
  const operation = model.operations.get(operationName);
  if (operation === undefined) throw new Error(`${name} has no ${operationName}`);
  return { model, operation };
}

async function readWhole(response: IncomingMessage): Promise<WireResponse> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
  return { status: response.statusCode ?? 0, headers: Object.fromEntries(headers), body: Buffer.concat(chunks) };
}
