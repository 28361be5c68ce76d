import { optional } from "../../core/index.ts";
import { text } from "./answer-parts.ts";
import type { Lesson, SeenCall } from "./seen-call.ts";
import { SESSION_RULES } from "./session-lessons.ts";
import { USER_RULES } from "./user-lessons.ts";

type Rule = (call: SeenCall) => readonly Lesson[];

/** What each operation's answer says about keys, by eventSource and operation. */
const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...Object.entries(SESSION_RULES),
  ...Object.entries(USER_RULES).map(([operation, rule]) => [`iam.amazonaws.com:${operation}`, rule] as const),
  ["sts.amazonaws.com:GetCallerIdentity", caller],
]);

/** What a call teaches about keys and their holders. Whatever an answer lacks, it does not say. */
export function lessonsOf(call: SeenCall): readonly Lesson[] {
  const { eventSource, operation = "" } = call.resolved;
  const rule = RULES.get(`${eventSource}:${operation}`);
  return rule === undefined || !isAnsweredByService(call) ? [] : rule(call);
}

function caller({ output }: SeenCall): readonly Lesson[] {
  const arn = text(output, "Arn");
  return arn === undefined ? [] : [{ kind: "caller", arn, ...optional("principalId", text(output, "UserId")) }];
}

/**
 * Whether the service has answered, and not one of the upstream's users through something that he has stored there. An
 * object store answers any GET with what was put there: only what cannot be read out of one teaches.
 */
function isAnsweredByService({ resolved, head, answerHeaders }: SeenCall): boolean {
  if (head.method === "POST") return head.path === "/" || head.path === "" || POST_PATHS.has(resolved.eventSource);
  return resolved.eventSource === "sso.amazonaws.com" && !STORED.some((name) => answerHeaders[name] !== undefined);
}

/** REST services whose credentials are asked for by POST. */
const POST_PATHS: ReadonlySet<string> = new Set(["eks-auth.amazonaws.com"]);

/** What comes with an object, and with nothing that was made for the caller. */
const STORED = ["etag", "last-modified", "accept-ranges", "content-range"] as const;
