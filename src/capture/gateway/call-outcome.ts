import { Refusal, reason } from "../../core/index.ts";
import type { ResponseDescription } from "../call/description.ts";
import type { RelayedAnswer } from "./answer-relay.ts";
import type { CallOutcome } from "./call-counts.ts";
import type { OddOutcome } from "./forward-record.ts";

/** The record of a mutating call that went out, should nothing more be learned of it. */
export const INTENT: OddOutcome = {
  outcome: "unknown",
  errorCode: "OutcomeUnknown",
  errorMessage: "OpenTrail stopped before the answer came: the call may or may not have been carried out",
};

export const INCOMPLETE: Refusal = new Refusal("IncompleteBody", "the request ended before its body was whole", 400);
export const CLIENT_LEFT: Refusal = new Refusal(
  "ClientDisconnected",
  "the client closed its connection before it had its answer",
  400,
);
const NOTHING_CHANGED = "Nothing was changed.";
const MADE_PERHAPS = "The call may have been carried out.";

/** A call that went no further. */
export function notForwarded({ code, message }: Refusal): OddOutcome {
  return { outcome: "not-forwarded", errorCode: code, errorMessage: message };
}

/** What the record says of an exchange beside the upstream's own words; undefined when it went as it should. */
export function oddOutcome(answer: RelayedAnswer, requestComplete: boolean): OddOutcome | undefined {
  const { failure, clientGone } = answer;
  if (failure === undefined) return clientGone ? { outcome: "client-left" } : undefined;
  if (clientGone) return { outcome: "client-left", ...told(requestComplete ? CLIENT_LEFT : INCOMPLETE) };
  // A client that closed its connection cannot be told from one that only ended its side of it.
  const { requestBroken } = answer;
  const { cause } = failure;
  if (requestBroken && cause instanceof Refusal && cause.code === INCOMPLETE.code)
    return { outcome: "client-left", ...told(cause) };
  // Half a request is all that the upstream has seen of a body that did not turn out to be what was signed.
  if (cause instanceof Refusal && !requestBroken) return notForwarded(cause);
  return { outcome: failure.sent ? "unknown" : "not-forwarded", ...told(failureAnswer(answer)) };
}

/** What the client is told where there is no whole answer of the upstream. */
export function failureAnswer({ head, failure }: RelayedAnswer): Refusal {
  if (failure?.cause instanceof Refusal) return failure.cause;
  if (failure?.kind === "broken" && !failure.sent) return new Refusal("MalformedRequest", reason(failure.cause), 400);
  if (head !== undefined) return new Refusal("IncompleteAnswer", "the upstream's answer broke off", 503);
  const carriedOut = failure?.sent === false ? NOTHING_CHANGED : MADE_PERHAPS;
  switch (failure?.kind) {
    case "unreachable":
      return unavailable(`The service behind OpenTrail cannot be reached. ${carriedOut}`);
    case "timeout":
      return unavailable(`The service behind OpenTrail did not answer in time. ${carriedOut}`);
    case "broken":
    case undefined:
      return unavailable(`The service behind OpenTrail broke the connection. ${carriedOut}`);
  }
}

/** The log cannot be written: before the call went out, for that reason, and after it. */
export function notRecordable(why: string): Refusal {
  return unavailable(`The audit log cannot be used (${why}). ${NOTHING_CHANGED} Try again when /healthz says ok.`);
}

export const UNRECORDED: Refusal = unavailable(`The audit log cannot be written. ${MADE_PERHAPS}`);

export function unavailable(message: string): Refusal {
  return new Refusal("ServiceUnavailable", message, 503);
}

/** For coverage: what became of a call. */
export function callOutcome(
  response: ResponseDescription | undefined,
  odd: OddOutcome | undefined,
  status: number,
): CallOutcome {
  if (odd !== undefined && odd.outcome !== "client-left") return "upstream failed";
  if (response?.errorCode === undefined) return "ok";
  if (status === 401 || status === 403 || /^(Client\.)?(AccessDenied|Unauthorized)/.test(response.errorCode))
    return "denied";
  return status >= 500 ? "server error" : "client error";
}

function told({ code, message }: Refusal): { readonly errorCode: string; readonly errorMessage: string } {
  return { errorCode: code, errorMessage: message };
}
