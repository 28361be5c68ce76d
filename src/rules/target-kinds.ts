import { parseArn } from "../core/index.ts";
import type { DeliveryKind } from "../deliveries/index.ts";

/** Where a target's ARN leads. */
export interface Destination {
  readonly kind: DeliveryKind;
  /** As the transport of that kind calls it. */
  readonly endpoint: string;
}

interface TargetKind {
  readonly kind: DeliveryKind;
  readonly service: string;
  readonly resource: RegExp;
  /** Kinds of ours that are known by a name, not by their ARN. */
  readonly named?: true;
}

/** What OpenTrail delivers to. `x-opentrail` is ours: AWS has neither addresses nor commands as targets. */
const TARGET_KINDS: readonly TargetKind[] = [
  { kind: "topic", service: "sns", resource: /^[\w-]{1,256}$/ },
  { kind: "queue", service: "sqs", resource: /^[\w-]{1,80}(?:\.fifo)?$/ },
  { kind: "log-group", service: "logs", resource: /^log-group:[\w./#-]{1,512}(?::\*)?$/ },
  { kind: "bus", service: "events", resource: /^event-bus\/[\w./-]{1,256}$/ },
  { kind: "api-destination", service: "events", resource: /^api-destination\/[\w.-]{1,64}(?:\/[\w-]+)?$/ },
  { kind: "function", service: "lambda", resource: /^function:[\w-]{1,140}(?::[$\w-]{1,128})?$/ },
  { kind: "stream", service: "firehose", resource: /^deliverystream\/[\w.-]{1,64}$/ },
  { kind: "email", service: "x-opentrail", resource: /^email\/([^\s<>,;"]{1,64}@[^\s<>,;"@]{1,255})$/, named: true },
  { kind: "command", service: "x-opentrail", resource: /^command\/([\w.-]{1,64})$/, named: true },
];

/** Where the ARN leads; undefined when OpenTrail does not deliver there. */
export function destinationOf(targetArn: string): Destination | undefined {
  const arn = parseArn(targetArn);
  if (arn === undefined || !/^\d{12}$/.test(arn.account)) return undefined;
  for (const { kind, service, resource, named } of TARGET_KINDS) {
    const found = service === arn.service ? resource.exec(arn.resource) : null;
    if (found !== null) return { kind, endpoint: named === undefined ? targetArn : (found[1] ?? "") };
  }
  return undefined;
}

/** Said of an ARN that leads nowhere. */
export const TARGETS_TOLD: string =
  "OpenTrail delivers to topics (sns), queues (sqs), log groups (logs), event buses and API destinations (events), functions (lambda), delivery streams (firehose), and x-opentrail email/ADDRESS and command/NAME";
