/** Filter patterns: which log events are meant. So far terms and phrases, all of which an event must hold. */
import { Refusal } from "../../core/index.ts";

/** A filter pattern that passed the rules of its language. Made by `parseFilterPattern` alone. */
export interface FilterPattern {
  readonly text: string;
  readonly terms: readonly string[];
}

/** @throws {Refusal} `InvalidParameterException`. */
export function parseFilterPattern(text: string): FilterPattern {
  if (/^\s*[{[?%-]/.test(text)) throw new Refusal("InvalidParameterException", "Invalid filter pattern");
  const terms = [...text.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, phrase, term]) => phrase ?? term ?? "");
  return { text, terms };
}

/** What the pattern found in an event that it means, by selector; undefined when it does not mean it. */
export function matchFilter(
  { terms }: FilterPattern,
  message: string,
): { readonly extracted: Readonly<Record<string, string>> } | undefined {
  return terms.every((term) => message.includes(term)) ? { extracted: {} } : undefined;
}
