import { Refusal } from "../../core/index.ts";
import { parsePolicy } from "./parse.ts";
import { type Policy, type PolicyKind, unreadablePolicy } from "./policy.ts";

/** A policy that was read once, when it was stored; a text that cannot be read any more forbids everything. */
export function storedPolicy(text: string, kind: PolicyKind): Policy {
  try {
    return parsePolicy(text, kind);
  } catch (thrown) {
    if (thrown instanceof Refusal) return unreadablePolicy(kind, text, thrown.message);
    throw thrown;
  }
}
