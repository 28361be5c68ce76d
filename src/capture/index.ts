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
export {
  type AuditState,
  type CallAuditNeeds,
  type CallAuditOptions,
  type OpenCallAudit,
  openCallAudit,
} from "./gateway/audit.ts";
export * from "./gateway/audit-mode.ts";
export * from "./gateway/audit-recorder.ts";
export { Coverage, type MetricsPort } from "./gateway/coverage.ts";
export { type CaptureKind, type Habit, type SilenceNeeds, SilenceWatch } from "./gateway/coverage-silence.ts";
export { type State, StateFile } from "./state-file.ts";
