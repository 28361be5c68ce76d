import type { Member, OperationModel, ResolvedCall, Shape, Slot } from "../../../aws/index.ts";
import { redactionOf } from "../redaction.ts";
import { tableOfStatement } from "./forms.ts";
import { parsePath, type ResourceForm, type ResourcePath, type ResourceRows } from "./row.ts";
import { COMPUTE } from "./tables/compute.ts";
import { DATA } from "./tables/data.ts";
import { INTEGRATION } from "./tables/integration.ts";
import { OPERATIONS } from "./tables/operations.ts";
import { SECURITY } from "./tables/security.ts";

export interface Rule {
  /** The service in its ARNs. */
  readonly service: string;
  readonly type: string;
  /** What the ARN is made of, one after the other; empty where only an ARN tells anything. */
  readonly template: readonly TemplatePart[];
  /** The rest of the ARN is not known. */
  readonly isPrefix: boolean;
  readonly paths: readonly ResourcePath[];
  readonly form: ResourceForm | undefined;
}

/** A text, or a member (`""` is the value itself) with what stands for it when it was not sent. */
export type TemplatePart = string | { readonly name: string; readonly otherwise: string | undefined };

/** Where one operation's input or output names resources. */
export interface PlannedPath {
  readonly rule: Rule;
  readonly steps: ResourcePath["steps"];
  /** What stands there, or what its ARN would need beside it, must not be shown. */
  readonly hidden: boolean;
}

/** A member whose name says that it is an ARN or a list of them. */
interface ArnMember {
  readonly name: string;
  readonly hidden: boolean;
}

/** How the resources of an operation are found: worked out once, for it depends on no request. */
export interface ResourcePlan {
  readonly input: readonly PlannedPath[];
  readonly output: readonly PlannedPath[];
  /** Looked at where the paths find nothing; undefined where nobody knows the members. */
  readonly inputArns: readonly ArnMember[] | undefined;
  readonly outputArns: readonly ArnMember[] | undefined;
  /** Whether what is shown may be less than what is found. */
  readonly hides: boolean;
}

/** By the name of the eventSource before `.amazonaws.com`. */
export const TABLES: ResourceRows = { ...COMPUTE, ...DATA, ...INTEGRATION, ...SECURITY, ...OPERATIONS };

const RULES: ReadonlyMap<string, readonly Rule[]> = compile(TABLES);

function compile(tables: ResourceRows): ReadonlyMap<string, readonly Rule[]> {
  return new Map(
    Object.entries(tables).map(([source, rows]) => [
      `${source}.amazonaws.com`,
      rows.map(([type, text, paths, form]) => {
        const arn =
          text === "" || text.startsWith("arn:") ? text : `arn:{partition}:${source}:{region}:{account}:${text}`;
        const isPrefix = arn.endsWith("*");
        return {
          service: arn.split(":")[2] ?? source,
          type,
          template: templateOf(isPrefix ? arn.slice(0, -1) : arn),
          isPrefix,
          paths: paths.split(" ").map(parsePath),
          form,
        };
      }),
    ]),
  );
}

function templateOf(text: string): readonly TemplatePart[] {
  const parts: TemplatePart[] = [];
  let at = 0;
  for (const { 0: whole, 1: name = "", 2: otherwise, index } of text.matchAll(/\{(\w*)(?:\|([^}]*))?\}/g)) {
    if (index > at) parts.push(text.slice(at, index));
    parts.push({ name, otherwise });
    at = index + whole.length;
  }
  if (at < text.length) parts.push(text.slice(at));
  return parts;
}

/** Answers of these list what there is: the call is not about each of them. */
const LISTS = /^(?:List|Search|Lookup|Scan|Query|BatchGet)|^Describe\w*s$/;

const plans = new WeakMap<OperationModel, Map<string, ResourcePlan>>();

/** Without a model the plan has every path of the service's tables, and hides nothing. */
export function resourcePlan({ eventSource, operation = "" }: ResolvedCall, model?: OperationModel): ResourcePlan {
  if (model === undefined) return planFor(eventSource, operation, undefined);
  let ofModel = plans.get(model);
  if (ofModel === undefined) plans.set(model, (ofModel = new Map<string, ResourcePlan>()));
  const known = ofModel.get(eventSource) ?? planFor(eventSource, operation, model);
  ofModel.set(eventSource, known);
  return known;
}

function planFor(eventSource: string, operation: string, model: OperationModel | undefined): ResourcePlan {
  const hides = model === undefined ? () => false : hidingOf(eventSource, model);
  const input: PlannedPath[] = [];
  const output: PlannedPath[] = [];
  for (const rule of RULES.get(eventSource) ?? []) {
    const needsHidden = rule.template.some(
      (part) => typeof part !== "string" && pathThrough(model?.input, [{ name: part.name, take: "one" }], hides).hidden,
    );
    for (const { half, steps, operations } of rule.paths) {
      if (operations !== undefined && !operations.test(operation)) continue;
      const path = pathThrough(half === "input" ? model?.input : model?.output, steps, hides);
      if (model !== undefined && !path.exists) continue;
      const hidden = needsHidden || (path.hidden && rule.form !== tableOfStatement);
      (half === "input" ? input : output).push({ rule, steps, hidden });
    }
  }
  const lists = LISTS.test(operation);
  const arns = (shape: Shape | undefined): readonly ArnMember[] =>
    shape?.type !== "structure"
      ? []
      : shape.members
          .filter(({ name }) => isArnName(name))
          .map((member) => ({ name: member.name, hidden: hides(member) }));
  const plan = {
    input,
    output: lists ? [] : output,
    inputArns: model === undefined ? undefined : arns(model.input),
    outputArns: lists ? [] : model === undefined ? undefined : arns(model.output),
  };
  const all = [...plan.input, ...plan.output, ...(plan.inputArns ?? []), ...(plan.outputArns ?? [])];
  return { ...plan, hides: all.some(({ hidden }) => hidden) };
}

/** Whether a member, or the items of a list, are replaced or left out where parameters are shown. */
function hidingOf(eventSource: string, { name }: OperationModel): (slot: Slot) => boolean {
  const redaction = redactionOf(eventSource, name);
  return (slot) => ("name" in slot ? redaction(slot as Member) !== undefined : slot.sensitive);
}

interface Way {
  /** False when the model has nothing there. */
  readonly exists: boolean;
  readonly hidden: boolean;
}

const NOWHERE: Way = { exists: false, hidden: false };

function pathThrough(start: Shape | undefined, steps: ResourcePath["steps"], hides: (slot: Slot) => boolean): Way {
  let shape = start;
  let hidden = false;
  for (const { name, take } of steps) {
    const slot = slotNamed(shape, name);
    if (slot === undefined) return NOWHERE;
    hidden ||= hides(slot);
    shape = slot.shape;
    if (take === "one") continue;
    const inner = partsOf(shape, take);
    if (inner === undefined) return NOWHERE;
    hidden ||= hides(inner);
    shape = inner.shape;
  }
  return { exists: true, hidden };
}

function slotNamed(shape: Shape | undefined, name: string): Slot | undefined {
  if (shape?.type === "structure") return shape.byName.get(name);
  return shape?.type === "map" ? shape.value : undefined;
}

function partsOf(shape: Shape, take: "each" | "keys"): Slot | undefined {
  if (take === "each") return shape.type === "list" ? shape.member : undefined;
  return shape.type === "map" ? shape.key : undefined;
}

export function isArnName(name: string): boolean {
  return /A(?:rn|RN)s?$|^arns?$/.test(name);
}
