import type { DeliveryKind } from "../deliveries/index.ts";
import { invalidParameter, NO_FIFO_QUEUE } from "./refusals.ts";

/** How a subscription is reached. */
export interface Protocol {
  readonly name: "http" | "https" | "email" | "email-json" | "sqs" | "lambda" | "firehose";
  readonly kind: DeliveryKind;
  /** AWS's own services take raw messages too, and mail does not. */
  readonly raw: boolean;
  /** @throws {Refusal} `InvalidParameter`. */
  check(endpoint: string): void;
}

const MATCH = "Endpoint must match the specified protocol";

const PROTOCOLS: readonly Protocol[] = [
  { name: "http", kind: "http", raw: true, check: (endpoint) => checkUrl(endpoint, "http:") },
  { name: "https", kind: "http", raw: true, check: (endpoint) => checkUrl(endpoint, "https:") },
  { name: "email", kind: "email", raw: false, check: checkAddress },
  { name: "email-json", kind: "email", raw: false, check: checkAddress },
  { name: "sqs", kind: "queue", raw: true, check: checkQueue },
  { name: "lambda", kind: "function", raw: false, check: checkFunction },
  { name: "firehose", kind: "stream", raw: true, check: checkStream },
];

/** What SNS knows besides, and nothing here can reach. */
const UNREACHABLE: ReadonlyMap<string, string> = new Map([
  ["sms", "text messages (protocol sms) are not supported by OpenTrail"],
  ["application", "mobile push notifications (protocol application) are not supported by OpenTrail"],
]);

/** @throws {Refusal} `InvalidParameter`. */
export function parseProtocol(name: string): Protocol {
  const found = PROTOCOLS.find((protocol) => protocol.name === name);
  if (found !== undefined) return found;
  const why = UNREACHABLE.get(name);
  if (why !== undefined) throw invalidParameter(`Protocol Reason: ${why}`);
  throw invalidParameter(`Amazon SNS does not support this protocol string: ${name}`);
}

/** Whose an endpoint is, where its name says so. */
export function accountOfEndpoint(endpoint: string): string | undefined {
  return /^arn:aws:[a-z]+:[a-z0-9-]*:(\d{12}):/.exec(endpoint)?.[1];
}

const URL_LENGTH_MAX = 2048;

/** A password in a URL would stand readable in every list of subscriptions. */
function checkUrl(endpoint: string, scheme: "http:" | "https:"): void {
  if (!endpoint.startsWith(`${scheme}//`)) throw invalidParameter(MATCH);
  // What a URL's parser would quietly take away must not pass: another one might not.
  const isText = /^[\x21-\x7e]+$/.test(endpoint) && !endpoint.includes("\\");
  if (!isText || endpoint.length > URL_LENGTH_MAX || !URL.canParse(endpoint)) throw invalidParameter("Endpoint");
  const { username, password, hash } = new URL(endpoint);
  if (username === "" && password === "" && hash === "") return;
  throw invalidParameter("Endpoint Reason: a URL must have no user, password or fragment");
}

/** One address alone: nothing that a mail program would take for a second one, a name or a header. */
function checkAddress(endpoint: string): void {
  if (endpoint.length <= 254 && ADDRESS.test(endpoint)) return;
  throw invalidParameter("Email address");
}

const ADDRESS =
  /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9]([A-Za-z0-9-]{0,62})(\.[A-Za-z0-9][A-Za-z0-9-]{0,62})*$/;

function checkQueue(endpoint: string): void {
  if (endpoint.endsWith(".fifo")) throw invalidParameter(`Endpoint Reason: ${NO_FIFO_QUEUE}`);
  if (!/^arn:aws:sqs:[a-z0-9-]{1,32}:\d{12}:[A-Za-z0-9_-]{1,80}$/.test(endpoint))
    throw invalidParameter("SQS endpoint ARN");
}

function checkFunction(endpoint: string): void {
  if (/^arn:aws:lambda:[a-z0-9-]{1,32}:\d{12}:function:[A-Za-z0-9_-]{1,140}(:[A-Za-z0-9$_-]{1,128})?$/.test(endpoint))
    return;
  throw invalidParameter("Lambda endpoint ARN");
}

function checkStream(endpoint: string): void {
  if (/^arn:aws:firehose:[a-z0-9-]{1,32}:\d{12}:deliverystream\/[A-Za-z0-9_.-]{1,64}$/.test(endpoint)) return;
  throw invalidParameter("Firehose endpoint ARN");
}

/** `Endpoint` can only be left out where the protocol needs none, which is nowhere here. */
export function requiredEndpoint(endpoint: string | undefined): string {
  if (endpoint !== undefined && endpoint !== "") return endpoint;
  throw invalidParameter("Endpoint Reason: no value for required parameter");
}
