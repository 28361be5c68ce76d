import type { AuditRecord } from "../../../src/record/index.ts";
import { markOf } from "./check-attempts.ts";
import type { Command } from "./cli-story.ts";
import { trueEventNames } from "./true-names.ts";

/** Where records and what the command lines say that they called differ: one line each. */
export function commandProblems(commands: readonly Command[], records: readonly AuditRecord[]): readonly string[] {
  const byMark = Map.groupBy(records, markOf);
  return commands.flatMap(({ mark, line, operations }) => {
    const service = line.startsWith("s3 ") || line.startsWith("s3api ") ? "s3" : (line.split(" ")[0] ?? "");
    const told = operations.map((operation) => trueEventNames({ service, operation })[0] ?? "");
    const recorded = (byMark.get(mark) ?? []).map(({ eventName }) => eventName);
    const [wanted, found] = [told, recorded].map((names) => names.toSorted().join(" "));
    return wanted === found ? [] : [`${line}: ${found}, not ${wanted}`];
  });
}
