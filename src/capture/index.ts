/**
 * How calls become records: the recording gateway in front of other servers, and adapters for servers that write an audit
 * log of their own. What is captured goes to the journal through ports that are handed in.
 */
export * from "./adapters/index.ts";
export * from "./call/call.ts";
export * from "./call/captured.ts";
export { describeRequest } from "./call/describe-request.ts";
export { describeResponse } from "./call/describe-response.ts";
export * from "./call/description.ts";
export * from "./enforce/index.ts";
export * from "./gateway/audit-mode.ts";
export * from "./gateway/audit-recorder.ts";
export {
  type AuditState,
  type CallAuditNeeds,
  type CallAuditOptions,
  type OpenCallAudit,
  openCallAudit,
} from "./gateway/audit.ts";
export { type CallCounts, type CallOutcome } from "./gateway/call-counts.ts";
export { type CaptureKind, type Habit, type SilenceNeeds, SilenceWatch } from "./gateway/coverage-silence.ts";
export { Coverage, type MetricsPort } from "./gateway/coverage.ts";
export { type TlsFacts } from "./gateway/forward-record.ts";
export { type Arrival, type Destination, Gateway, type OpenRoute } from "./gateway/gateway.ts";
export { lastAnswer } from "./gateway/last-answer.ts";
export { type GatewayOptions, openGateway, type RunningGateway, signingCredentials } from "./gateway/open-gateway.ts";
export { type OwnBuckets } from "./gateway/own-buckets.ts";
export { defaultRoute, parseRoutes, type Route, type RouteCredentials } from "./gateway/routes.ts";
export {
  type AnswerReceiver,
  type CallOrigin,
  type OutgoingRequest,
  type Upstream,
  type UpstreamExchange,
  type UpstreamFailure,
} from "./gateway/upstream.ts";
export { LearnedIdentities, type LearnedNeeds } from "./identities/learned-identities.ts";
export { learnedMigrations, type LearnedSchema } from "./identities/learned-tables.ts";
export { type State, StateFile } from "./state-file.ts";
