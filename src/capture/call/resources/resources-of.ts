import type { OperationModel, ResolvedCall } from "../../../aws/index.ts";
import type { RecordResource } from "../../../record/index.ts";
import type { CallPlace } from "../description.ts";
import { arnResource, isArn, isPlain, partitionOf, serviceOfArn } from "./arn-of.ts";
import { isArnName, type PlannedPath, type ResourcePlan, resourcePlan, type Rule } from "./resource-plan.ts";
import { follow, type Members } from "./row.ts";
import { s3Resources } from "./s3-resources.ts";

/** A call may name any number of resources; a record names this many. */
const RESOURCES_MAX = 100;

const NONE: readonly RecordResource[] = [];

/**
 * The resources of a call, as its record names them. `input` and `output` have the model's member names; `output` is
 * undefined as long as there is no answer, and for errors. Both come from outside: what cannot be part of an ARN names
 * nothing. What the answer names comes first, for it knows the whole ARN of what the request may only name.
 *
 * `shown`: those that show nothing that the parameters hide. The others must never be recorded.
 */
export function resourcesOf(
  resolved: ResolvedCall,
  input: Members | undefined,
  output: Members | undefined,
  place: CallPlace,
  model?: OperationModel,
  which: "shown" | "all" = "shown",
): readonly RecordResource[] {
  if (input === undefined && output === undefined) return NONE;
  if (resolved.service?.id === "s3") return bucketOf(resolved, input, place);
  const plan = resourcePlan(resolved, model);
  const found = new Resources(place, which === "all" || !plan.hides);
  found.addAll(plan.output, output, input ?? {});
  found.addAll(plan.input, input, input ?? {});
  if (found.list.length === 0) found.addArns(input, plan.inputArns);
  if (found.list.length === 0) found.addArns(output, plan.outputArns);
  return found.list;
}

/** Whether some of what such a call is about must not be shown. */
export function hidesResources(resolved: ResolvedCall, model: OperationModel | undefined): boolean {
  return model !== undefined && resolved.service?.id !== "s3" && resourcePlan(resolved, model).hides;
}

function bucketOf(resolved: ResolvedCall, input: Members | undefined, place: CallPlace): readonly RecordResource[] {
  const { Bucket: bucket, Key: key } = input ?? {};
  if (typeof bucket !== "string") return [];
  return s3Resources({ bucket, ...(typeof key === "string" && { key }) }, resolved.eventSource, place);
}

class Resources {
  readonly list: RecordResource[] = [];
  readonly #place: CallPlace;
  readonly #takesHidden: boolean;

  constructor(place: CallPlace, takesHidden: boolean) {
    this.#place = place;
    this.#takesHidden = takesHidden;
  }

  addAll(paths: readonly PlannedPath[], members: Members | undefined, input: Members): void {
    if (members === undefined) return;
    for (const { rule, steps, hidden } of paths) {
      if (hidden && !this.#takesHidden) continue;
      follow(members, steps, (value) => {
        const formed = rule.form === undefined ? value : rule.form(value, input);
        if (formed !== undefined) this.#add(this.#resource(rule, formed, input));
        return this.list.length < RESOURCES_MAX;
      });
    }
  }

  /** Of a service or a call that no table knows: members that are called ARNs and are ARNs. */
  addArns(members: Members | undefined, arns: ResourcePlan["inputArns"]): void {
    if (members === undefined) return;
    const named = arns ?? Object.keys(members).flatMap((name) => (isArnName(name) ? [{ name, hidden: false }] : []));
    for (const { name, hidden } of named) {
      const value = members[name];
      if (value === undefined || (hidden && !this.#takesHidden)) continue;
      for (const arn of (Array.isArray(value) ? value : [value]) as readonly unknown[]) {
        if (this.list.length === RESOURCES_MAX) return;
        if (typeof arn === "string") this.#add(arnResource(arn, undefined, this.#place.account));
      }
    }
  }

  #resource({ template, type, service, isPrefix }: Rule, value: string, input: Members): RecordResource | undefined {
    const { account } = this.#place;
    if (isArn(value)) {
      const isOwn = template.length === 0 || serviceOfArn(value) === service;
      return arnResource(value, isOwn && type !== "" ? type : undefined, account);
    }
    if (template.length === 0 || !isPlain(value)) return undefined;
    const text = this.#fill(template, value, input);
    const resource = text === undefined ? undefined : arnResource(text, type || undefined, account);
    if (resource === undefined || !isPrefix) return resource;
    const { ARN, ...others } = resource;
    return ARN === undefined ? undefined : { ...others, ARNPrefix: ARN };
  }

  /** Undefined when the template needs a member that was not sent. */
  #fill(template: Rule["template"], value: string, input: Members): string | undefined {
    let text = "";
    for (const part of template) {
      const filled = typeof part === "string" ? part : this.#part(part.name, part.otherwise, value, input);
      if (filled === undefined) return undefined;
      text += filled;
    }
    return text;
  }

  #part(name: string, otherwise: string | undefined, value: string, input: Members): string | undefined {
    const { account, region } = this.#place;
    switch (name) {
      case "":
        return value;
      case "partition":
        return partitionOf(region);
      case "region":
        return region;
      case "account":
        return account;
      default:
        return memberOf(input, name) ?? (otherwise === "account" ? account : otherwise);
    }
  }

  #add(resource: RecordResource | undefined): void {
    if (resource === undefined || this.list.some((known) => isSame(known, resource))) return;
    this.list.push(resource);
  }
}

/** Another member as a part of an ARN: of one that is an ARN itself only its name. */
function memberOf(input: Members, name: string): string | undefined {
  const value = Object.hasOwn(input, name) ? input[name] : undefined;
  if (typeof value === "number") return String(value);
  if (typeof value !== "string" || value === "" || !isPlain(value)) return undefined;
  return isArn(value) ? value.slice(Math.max(value.lastIndexOf("/"), value.lastIndexOf(":")) + 1) : value;
}

/** True also when the known one is what the other only names: in a path that was not told, or with the end of its ARN. */
function isSame(known: RecordResource, other: RecordResource): boolean {
  if (other.ARNPrefix !== undefined) return (known.ARN ?? known.ARNPrefix)?.startsWith(other.ARNPrefix) === true;
  if (known.ARN === other.ARN) return true;
  if (known.type === undefined || known.type !== other.type) return false;
  const name = other.ARN?.slice(Math.max(other.ARN.lastIndexOf("/"), other.ARN.lastIndexOf(":")));
  return IN_PATHS.test(known.ARN ?? "") && name !== undefined && known.ARN?.endsWith(name) === true;
}

/** Kinds whose ARNs hold a path that calls do not repeat. */
const IN_PATHS = /^arn:[^:]*:iam:/;
