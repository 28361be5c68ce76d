import type { AuditRecord } from "../../../src/record/index.ts";
import { missingParameters, type ParameterCount } from "./compare-parameters.ts";
import { isLeftOut } from "./left-out.ts";
import type { Attempt, Parameters } from "./oracle.ts";
import { isTrueEventName, trueEventNames, trueEventSource, trueReadOnly } from "./true-names.ts";

/** What came of holding every record against the truth. */
export interface Verdict {
  readonly services: number;
  readonly operations: number;
  readonly attempts: number;
  readonly parameters: Readonly<ParameterCount>;
  /** By what is wrong: one line each. Empty lists are left out. */
  readonly problems: Readonly<Record<string, readonly string[]>>;
}

const MARK = /\boracle\.(\d+)\b/;

/** Which attempt a record tells of. */
export function markOf({ userAgent }: AuditRecord): number | undefined {
  const mark = MARK.exec(userAgent ?? "")?.[1];
  return mark === undefined ? undefined : Number(mark);
}

/** Holds the records of a run against what its clients know that they sent, both ways. */
export function checkAttempts(attempts: readonly Attempt[], records: readonly AuditRecord[]): Verdict {
  const problems = new Problems();
  const parameters: ParameterCount = { exact: 0, elsewhere: 0, hidden: 0 };
  const byMark = Map.groupBy(records, markOf);
  for (const attempt of attempts) {
    const told = withoutParts(attempt, byMark.get(attempt.mark) ?? []);
    const [record] = told;
    if (told.length !== 1) problems.add(told.length === 0 ? "not recorded" : "recorded twice", attempt, told.length);
    if (record !== undefined) checkRecord(attempt, record, problems, parameters);
  }
  const marks = new Set(attempts.map(({ mark }) => mark));
  for (const record of records) {
    const mark = markOf(record);
    if (mark === undefined || !marks.has(mark)) problems.list("nobody made this call", JSON.stringify(record));
  }
  return {
    services: new Set(attempts.map(({ service }) => service)).size,
    operations: new Set(attempts.map(({ service, operation }) => `${service} ${operation}`)).size,
    attempts: attempts.length,
    parameters,
    problems: problems.found,
  };
}

function checkRecord(attempt: Attempt, record: AuditRecord, problems: Problems, count: ParameterCount): void {
  const { eventSource, eventName, userAgent, readOnly } = record;
  const source = trueEventSource(attempt);
  if (eventSource !== source) problems.add("eventSource", attempt, `${eventSource}, not ${source}`);
  if (!isTrueEventName(attempt, eventName)) {
    problems.add("eventName", attempt, `${eventName}, not ${trueEventNames(attempt).join(" or ")}`);
  }
  const isRead = trueReadOnly(attempt);
  if (isRead !== undefined && readOnly !== isRead) problems.add("readOnly", attempt, `is ${readOnly}`);
  if (bare(userAgent) !== attempt.userAgent) problems.add("userAgent", attempt, userAgent);
  if (record.eventType !== "AwsApiCall") problems.add("eventType", attempt, record.eventType);
  const error = errorProblem(attempt, record);
  if (error !== undefined) problems.add("errorCode", attempt, error);
  for (const { path, value } of missingParameters(parametersToFind(attempt), record.requestParameters, count)) {
    if (!isLeftOut(attempt, path)) problems.add("requestParameters", attempt, `${path} ${JSON.stringify(value)}`);
  }
  const json = JSON.stringify(record);
  for (const secret of attempt.secrets.filter((text) => json.includes(text))) problems.add("secret", attempt, secret);
}

/** Of DeleteObjects there is one more record for each object. */
function withoutParts({ operation }: Attempt, records: readonly AuditRecord[]): readonly AuditRecord[] {
  if (operation !== "DeleteObjects") return records;
  return records.filter(({ eventName }) => eventName !== "DeleteObject");
}

/** OpenTrail's own services tell a stranger's parameters only as far as AWS does; other suites look at them. */
function parametersToFind({ service, parameters = {} }: Attempt): Parameters {
  return SERVED.has(service) ? {} : parameters;
}

/** What OpenTrail serves itself, unless it is told otherwise. */
export const SERVED: ReadonlySet<string> = new Set(["cloudtrail", "cloudtrail-data", "iam", "sts"]);

/** S3 writes its user agents in brackets. */
function bare(userAgent: string | undefined): string | undefined {
  return userAgent?.replace(/^\[(.*)\]$/, "$1");
}

function errorProblem(attempt: Attempt, { errorCode }: AuditRecord): string | undefined {
  const { status = 0, queryError } = attempt;
  if (status >= 200 && status < 400) return errorCode === undefined ? undefined : `${errorCode}, but it went well`;
  if (errorCode === undefined) return `none, but it was answered with ${status} ${attempt.errorCode}`;
  // What is no error of AWS has no code of AWS: that there was an error is all that can be said.
  if (!isCode(attempt.errorCode)) return undefined;
  const codes = [attempt.errorCode, queryError, shapeIn(attempt.errorBody)].filter((code) => isCode(code));
  const known = errorCode.replace(/^(Client|Server)\./, "");
  return codes.includes(known) ? undefined : `${errorCode}, not ${codes.join(" or ")}`;
}

function isCode(code: string | undefined): code is string {
  return code !== undefined && code !== "" && !/^\d+$/.test(code);
}

/** Name of the error's shape, as the JSON protocols tell it. */
function shapeIn(body: string | undefined): string | undefined {
  return /"__type"\s*:\s*"(?:[^"#]*#)?([^":]+)/.exec(body ?? "")?.[1];
}

class Problems {
  readonly found: Record<string, string[]> = {};

  add(what: string, { service, operation, mark }: Attempt, detail: unknown): void {
    this.list(what, `${service} ${operation} (${mark}): ${String(detail)}`);
  }

  list(what: string, line: string): void {
    this.found[what] = [...(this.found[what] ?? []), line];
  }
}
