/**
 * Which members of a service's calls name resources: rows of a table, one per kind of resource.
 *
 * - `type`: CloudFormation's name; empty where CloudTrail gives none.
 * - `arn`: what follows `arn:<partition>:<service>:<region>:<account>:`, or a whole ARN. `{}` is the value, `{Member}` another
 *   member of the input, `{Member|default}` with what stands for it when it was not sent; `{partition}`, `{region}` and
 *   `{account}` are the place. A trailing `*` means that the rest is not known: the resource gets an `ARNPrefix`. Empty where
 *   only a value that is an ARN already tells anything.
 * - `paths`: separated by spaces. A path leads into the input, after `>` into the output; `[]` means each of a list, `{}`
 *   each key of a map; `CreateTopic:` before it means only in operations of that name, in which `*` stands for anything.
 * - `form`: brings a value into the form that `arn` takes, or answers undefined when it names no resource of this kind.
 */
export type ResourceRow = readonly [type: string, arn: string, paths: string, form?: ResourceForm];

export type ResourceForm = (value: string, input: Members) => string | undefined;

export type Members = Readonly<Record<string, unknown>>;

/** By the name of the eventSource before `.amazonaws.com`, which mostly is the service in its ARNs too. */
export type ResourceRows = Readonly<Record<string, readonly ResourceRow[]>>;

export interface ResourcePath {
  readonly operations: RegExp | undefined;
  readonly half: "input" | "output";
  readonly steps: readonly { readonly name: string; readonly take: "one" | "each" | "keys" }[];
}

/** @throws {SyntaxError} when the table is wrong. */
export function parsePath(text: string): ResourcePath {
  const [, operations, output, path = ""] = /^(?:([^:]+):)?(>?)([\w.[\]{}]+)$/.exec(text) ?? [];
  if (path === "") throw new SyntaxError(`no path: ${text}`);
  return {
    operations: operations === undefined ? undefined : new RegExp(`^(?:${operations.replaceAll("*", "\\w*")})$`),
    half: output === ">" ? "output" : "input",
    steps: path.split(".").map((step) => ({
      name: step.replace(/\[\]|\{\}/, ""),
      take: step.endsWith("[]") ? "each" : step.endsWith("{}") ? "keys" : "one",
    })),
  };
}

/**
 * Hands over every text that stands where the path leads, until `found` answers false. What is not there is passed over.
 * Runs some hundred times for every call: most paths end at their first step.
 */
export function follow(
  members: unknown,
  steps: ResourcePath["steps"],
  found: (text: string) => boolean,
  at = 0,
): boolean {
  const step = steps[at];
  if (step === undefined) return typeof members !== "string" || members === "" || found(members);
  if (typeof members !== "object" || members === null || !Object.hasOwn(members, step.name)) return true;
  const next = (members as Members)[step.name];
  if (step.take === "one") return follow(next, steps, found, at + 1);
  if (typeof next !== "object" || next === null) return true;
  const parts: readonly unknown[] = Array.isArray(next) ? next : step.take === "keys" ? Object.keys(next) : [];
  return parts.every((part) => follow(part, steps, found, at + 1));
}
