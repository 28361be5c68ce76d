/**
 * What must reach somebody: a durable ledger of deliveries, the workers that make the attempts, and the transports to the
 * world outside. Knows nothing of rules, topics or alarms; they write into the ledger and bring transports of their own.
 */
export * from "./delivery.ts";
export * from "./marks.ts";
export * from "./guard/address-guard.ts";
export * from "./guard/guarded-http.ts";
export { openHostLookup, type HostLookup } from "./guard/host-lookup.ts";
export { addDeliveries } from "./ledger.ts";
export * from "./schema.ts";
export * from "./start-deliveries.ts";
export { type AwsCaller, type AwsNeeds, openAwsCaller } from "./transports/aws-caller.ts";
export { type CommandNeeds, openCommandTransport } from "./transports/command.ts";
export { type EmailNeeds, type EmailParameters, openEmailTransport } from "./transports/email.ts";
export { openFunctionTransport } from "./transports/function.ts";
export { type HttpParameters, openHttpTransport } from "./transports/http.ts";
export {
  type MessageAttributes,
  openDeadLetterQueue,
  openQueueTransport,
  type QueueParameters,
} from "./transports/queue.ts";
export { openStreamTransport } from "./transports/stream.ts";
export { openTenancy, type Tenancy } from "./transports/tenancy.ts";
export { openTransactionTransport } from "./transports/transaction.ts";
