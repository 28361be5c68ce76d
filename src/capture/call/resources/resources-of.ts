import type { ResolvedCall } from "../../../aws/index.ts";
import { parseArn } from "../../../core/index.ts";
import type { RecordResource } from "../../../record/index.ts";
import type { CallPlace } from "../description.ts";
import { arnResource, isArn, isPlain, partitionOf } from "./arn-of.ts";
import { follow, type Members, parsePath, type ResourceForm, type ResourcePath, type ResourceRows } from "./row.ts";
import { s3Resources } from "./s3-resources.ts";
import { COMPUTE } from "./tables/compute.ts";
import { DATA } from "./tables/data.ts";
import { INTEGRATION } from "./tables/integration.ts";
import { OPERATIONS } from "./tables/operations.ts";
import { SECURITY } from "./tables/security.ts";

interface Rule {
  readonly service: string;
  readonly type: string;
  readonly arn: string;
  readonly paths: readonly ResourcePath[];
  readonly form: ResourceForm | undefined;
}

/** By the name of the eventSource before `.amazonaws.com`. */
export const TABLES: ResourceRows = { ...COMPUTE, ...DATA, ...INTEGRATION, ...SECURITY, ...OPERATIONS };

const RULES: ReadonlyMap<string, readonly Rule[]> = compile(TABLES);

function compile(tables: ResourceRows): ReadonlyMap<string, readonly Rule[]> {
  return new Map(
    Object.entries(tables).map(([source, rows]) => [
      `${source}.amazonaws.com`,
      rows.map(([type, arn, paths, form]) => ({
        service: source,
        type,
        arn: arn === "" || arn.startsWith("arn:") ? arn : `arn:{partition}:${source}:{region}:{account}:${arn}`,
        paths: paths.split(" ").map(parsePath),
        form,
      })),
    ]),
  );
}

/** A call may name any number of resources; a record names this many. */
const RESOURCES_MAX = 100;

/** Answers of these list what there is: the call is not about each of them. */
const LISTS = /^(?:List|Search|Lookup|Scan|Query|BatchGet)|^Describe\w*s$/;

/**
 * The resources of a call, as its record names them. `input` and `output` have the model's member names; `output` is
 * undefined as long as there is no answer, and for errors. Both come from outside: what cannot be part of an ARN names
 * nothing. What the answer names comes first, for it knows the whole ARN of what the request may only name.
 */
export function resourcesOf(
  resolved: ResolvedCall,
  input: Members | undefined,
  output: Members | undefined,
  place: CallPlace,
): readonly RecordResource[] {
  if (resolved.service?.id === "s3") return bucketOf(resolved, input, place);
  const found = new Resources(place);
  const rules = RULES.get(resolved.eventSource) ?? [];
  const answer = LISTS.test(resolved.operation ?? "") ? undefined : output;
  for (const half of ["output", "input"] as const) {
    const members = half === "output" ? answer : input;
    for (const rule of rules) found.addAll(rule, resolved.operation ?? "", half, members, input ?? {});
  }
  if (found.list.length === 0) found.addArns(input);
  if (found.list.length === 0) found.addArns(answer);
  return found.list;
}

function bucketOf(resolved: ResolvedCall, input: Members | undefined, place: CallPlace): readonly RecordResource[] {
  const { Bucket: bucket, Key: key } = input ?? {};
  if (typeof bucket !== "string") return [];
  return s3Resources({ bucket, ...(typeof key === "string" && { key }) }, resolved.eventSource, place);
}

class Resources {
  readonly list: RecordResource[] = [];
  readonly #place: CallPlace;

  constructor(place: CallPlace) {
    this.#place = place;
  }

  addAll(
    rule: Rule,
    operation: string,
    half: ResourcePath["half"],
    members: Members | undefined,
    input: Members,
  ): void {
    for (const path of rule.paths) {
      if (path.half !== half || (path.operations !== undefined && !path.operations.test(operation))) continue;
      follow(members, path.steps, (value) => {
        const formed = rule.form === undefined ? value : rule.form(value, input);
        if (formed !== undefined) this.#add(this.#resource(rule, formed, input));
        return this.list.length < RESOURCES_MAX;
      });
    }
  }

  /** Of a service or a call that no table knows: members that are called ARNs and are ARNs. */
  addArns(members: Members | undefined): void {
    for (const [name, value] of Object.entries(members ?? {})) {
      if (!/A(?:rn|RN)s?$|^arns?$/.test(name)) continue;
      for (const arn of (Array.isArray(value) ? value : [value]) as readonly unknown[]) {
        if (this.list.length === RESOURCES_MAX) return;
        if (typeof arn === "string" && isArn(arn)) this.#add(arnResource(arn, undefined, this.#place.account));
      }
    }
  }

  #resource({ arn, type, service }: Rule, value: string, input: Members): RecordResource | undefined {
    const { account } = this.#place;
    if (isArn(value)) {
      const own = parseArn(arn)?.service ?? service;
      const kind = parseArn(value)?.service === own || arn === "" ? type : "";
      return arnResource(value, kind || undefined, account);
    }
    if (arn === "" || !isPlain(value)) return undefined;
    const text = this.#fill(arn, value, input);
    if (text === undefined) return undefined;
    if (!arn.endsWith("*")) return arnResource(text, type || undefined, account);
    const resource = arnResource(text.slice(0, -1), type || undefined, account);
    if (resource === undefined) return undefined;
    const { ARN, ...others } = resource;
    return ARN === undefined ? undefined : { ...others, ARNPrefix: ARN };
  }

  /** Undefined when the template needs a member that was not sent. */
  #fill(template: string, value: string, input: Members): string | undefined {
    const { account, region } = this.#place;
    const known: Readonly<Record<string, string>> = { "": value, partition: partitionOf(region), region, account };
    let missing = false;
    const text = template.replace(/\{(\w*)(?:\|([^}]*))?\}/g, (_, name: string, otherwise: string | undefined) => {
      const part = known[name] ?? memberOf(input, name) ?? (otherwise === "account" ? account : otherwise);
      missing ||= part === undefined;
      return part ?? "";
    });
    return missing ? undefined : text;
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
