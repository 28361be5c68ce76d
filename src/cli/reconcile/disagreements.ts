import { parseArn } from "../../core/index.ts";
import type { Disagreement, LoggedCall, RecordedCall } from "./calls.ts";

/** Names that a log has only one word for: a copy is a put to radosgw, and reading a copy's source a get to AWS. */
const SAME_WORD: readonly (readonly [log: string, record: string])[] = [
  ["PutObject", "CopyObject"],
  ["UploadPart", "UploadPartCopy"],
];

/** What a line and a record say differently of the call that both tell of. What one of them does not say is no difference. */
export function disagreements(log: LoggedCall, record: RecordedCall): readonly Disagreement[] {
  return [...named(log, record), ...ended(log, record), ...called(log, record)];
}

/** Whether both can be about the same operation. */
export function sameOperation({ eventName }: LoggedCall, record: RecordedCall): boolean {
  if (eventName === undefined || eventName === record.eventName) return true;
  return SAME_WORD.some(([logged, recorded]) => logged === eventName && recorded === record.eventName);
}

function named(log: LoggedCall, record: RecordedCall): readonly Disagreement[] {
  const found: Disagreement[] = [];
  if (!sameOperation(log, record)) {
    found.push({ field: "operation", log: log.eventName ?? log.operation, record: record.eventName });
  }
  for (const field of ["bucket", "key"] as const) {
    const [logged, recorded] = [log[field], record[field]];
    if (logged !== undefined && recorded !== undefined && logged !== recorded) {
      found.push({ field, log: logged, record: recorded });
    }
  }
  return found;
}

function ended(log: LoggedCall, record: RecordedCall): readonly Disagreement[] {
  // Nobody here saw the end of such a call.
  if (log.status === undefined || record.outcome !== undefined) return [];
  const failed = log.status >= 400;
  if (failed !== (record.errorCode !== undefined)) {
    return [{ field: "outcome", log: String(log.status), record: record.errorCode ?? "ok" }];
  }
  // An answer to HEAD has no body to tell its error, which then is called by its status.
  if (!failed || log.method === "HEAD" || log.errorCode === undefined || record.errorCode === undefined) return [];
  return log.errorCode === record.errorCode ? [] : [{ field: "error", log: log.errorCode, record: record.errorCode }];
}

/** Only what both tell in the same words can be compared: ARNs, and whether anybody signed at all. */
function called(log: LoggedCall, record: RecordedCall): readonly Disagreement[] {
  const { requester } = log;
  if (requester === undefined) {
    // Who is refused is often told as nobody.
    const denied = log.status === undefined || log.status >= 400;
    return denied || !record.signed ? [] : [{ field: "requester", log: "-", record: record.who ?? "somebody" }];
  }
  if (parseArn(requester) === undefined || record.arn === undefined || requester === record.arn) return [];
  return [{ field: "requester", log: requester, record: record.arn }];
}
