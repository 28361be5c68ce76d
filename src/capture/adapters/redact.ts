import { isSecretName } from "../../aws/index.ts";
import type { Values } from "./values.ts";

/** What stands where a secret stood; CloudTrail's own word. */
const HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS";

/** Secrets under names that are none in AWS's APIs; in any case, without their hyphens and underscores. */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  "bearertoken",
  "clienttoken",
  "credential",
  "secretid",
  "signature",
  "tempurlsig",
  "unsealkey",
  "xamzcopysourceserversideencryptioncustomerkey",
  "xamzserversideencryptioncustomerkey",
  "xamzsignature",
]);

/** In lists of name and value, such as a container's environment, any name that sounds like one. */
const SECRET_SOUND = /passw|secret|token|api_?key|private_?key|credential/i;

/** Deeper than any real request; deeper values would also be too deep to be written. */
const DEPTH_MAX = 32;

function isSecret(name: string): boolean {
  const plain = name.toLowerCase().replace(/[-_]/g, "");
  // Of the pair of access key and secret key, the first is the name.
  return SECRET_NAMES.has(plain) || (plain !== "accesskey" && isSecretName(name));
}

/**
 * Says of a value, by the names that lead to it (lists are no step), whether it is hidden whatever it is called, or shown
 * whatever it is called; undefined leaves it to its name.
 */
export type Judge = (path: readonly string[], value: unknown) => "hide" | "show" | undefined;

/** A copy in which HIDDEN stands for text and numbers under the names of secrets, and for what `judge` hides. */
export function redacted(value: unknown, judge: Judge = () => undefined): unknown {
  return copy(value, [], { judge, secret: false, depth: 0 });
}

interface Context {
  readonly judge: Judge;
  /** The value stands under a secret's name. An object there is judged by its own names (`secret: {secretName: …}`). */
  readonly secret: boolean;
  readonly depth: number;
}

function copy(value: unknown, path: readonly string[], { judge, secret, depth }: Context): unknown {
  if (value === null || value === undefined) return value;
  const plain = typeof value !== "object";
  const verdict = judge(path, value) ?? (secret && plain ? "hide" : "show");
  if (verdict === "hide") return HIDDEN;
  if (plain) return value;
  if (depth >= DEPTH_MAX) return "[nested too deep]";
  if (Array.isArray(value)) {
    return (value as readonly unknown[]).map((element) => copy(element, path, { judge, secret, depth: depth + 1 }));
  }
  const pair = namesSecret(value as Values);
  return Object.fromEntries(
    Object.entries(value).map(([name, member]: [string, unknown]) => {
      const named = isSecret(name) || (pair && name === "value");
      return [name, copy(member, [...path, name], { judge, secret: named, depth: depth + 1 })];
    }),
  );
}

/** `{name: "DB_PASSWORD", value: "…"}` */
function namesSecret({ name, ...rest }: Values): boolean {
  return "value" in rest && typeof name === "string" && SECRET_SOUND.test(name);
}
