import { Refusal } from "../core/index.ts";

/** What SNS says of nearly every mistake: `Invalid parameter: Subject`. */
export function invalidParameter(what: string): Refusal {
  return new Refusal("InvalidParameter", `Invalid parameter: ${what}`);
}

export function notFound(what: "Topic" | "Subscription"): Refusal {
  return new Refusal("NotFound", `${what} does not exist`, 404);
}

/** Messages of a topic have no order that such a queue could keep. */
export const NO_FIFO_QUEUE = "FIFO SQS Queues can not be subscribed to standard SNS topics";

/** What is wrong with the value of an attribute: `FilterPolicy: failed to parse JSON`. Who sets it says where it stood. */
export class AttributeProblem extends Error {
  constructor(message: string) {
    super(message);
    this.name = "AttributeProblem";
  }
}

/**
 * Does the work, and tells of a wrong attribute as the API does: behind `Attributes Reason: ` where there are many of them
 * (CreateTopic, Subscribe), by itself where there is one.
 */
export function tellProblems<Value>(where: "many" | "one", work: () => Value): Value {
  try {
    return work();
  } catch (thrown) {
    if (!(thrown instanceof AttributeProblem)) throw thrown;
    throw invalidParameter(where === "many" ? `Attributes Reason: ${thrown.message}` : thrown.message);
  }
}
