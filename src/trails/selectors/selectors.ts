import { Refusal } from "../../core/index.ts";
import type { Selectors } from "../trail.ts";
import { type AdvancedSelectorInput, parseAdvancedSelectors } from "./advanced-selectors.ts";
import { type BasicSelectorInput, DEFAULT_SELECTOR, parseBasicSelectors } from "./basic-selectors.ts";

/** What PutEventSelectors takes. */
export interface SelectorsInput {
  readonly EventSelectors?: readonly BasicSelectorInput[] | undefined;
  readonly AdvancedEventSelectors?: readonly AdvancedSelectorInput[] | undefined;
}

/** The selectors of a new trail. */
export const DEFAULT_SELECTORS: Selectors = { kind: "basic", custom: false, selectors: [DEFAULT_SELECTOR] };

/**
 * Selectors of one kind: an empty list counts as none.
 * @throws {Refusal} `InvalidEventSelectorsException`.
 */
export function parseSelectors({ EventSelectors, AdvancedEventSelectors }: SelectorsInput): Selectors {
  const basic = EventSelectors ?? [];
  const advanced = AdvancedEventSelectors ?? [];
  if (basic.length > 0 && advanced.length > 0) {
    throw invalid("A trail can have event selectors or advanced event selectors, not both.");
  }
  if (basic.length === 0 && advanced.length === 0) {
    throw invalid("One of EventSelectors and AdvancedEventSelectors must have at least one selector.");
  }
  if (advanced.length > 0) return { kind: "advanced", custom: true, selectors: parseAdvancedSelectors(advanced) };
  return { kind: "basic", custom: true, selectors: parseBasicSelectors(basic) };
}

function invalid(message: string): Refusal {
  return new Refusal("InvalidEventSelectorsException", message);
}
