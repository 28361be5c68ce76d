import { Refusal } from "../../core/index.ts";
import { type EventPattern, parseEventPattern, PatternError } from "../../patterns/index.ts";

/** @throws {Refusal} `InvalidEventPatternException`, which names the place. */
export function patternOrRefuse(text: string): EventPattern {
  try {
    return parseEventPattern(text);
  } catch (thrown) {
    if (!(thrown instanceof PatternError)) throw thrown;
    throw new Refusal("InvalidEventPatternException", `Event pattern is not valid. Reason: ${thrown.message}`);
  }
}
