import { Refusal } from "../../core/index.ts";

/** What is wrong with a pattern as a whole. */
export function invalidPattern(reason: string): Refusal {
  return refusal(`Invalid filter pattern: ${reason}`);
}

/** What stands where it cannot, in AWS's words: it names as little of the pattern as it can. */
export function invalidTerm(term: string): Refusal {
  return refusal(`Invalid character(s) in term '${term}'`);
}

/** A pattern that begins as one kind and does not end as it, in AWS's words. */
export function notClosed(open: string, close: string): Refusal {
  return refusal(`If a filter pattern starts with '${open}' it must end with '${close}'`);
}

function refusal(message: string): Refusal {
  return new Refusal("InvalidParameterException", message);
}
