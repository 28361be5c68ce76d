import { Refusal } from "../../core/index.ts";
import type { AdvancedSelector, FieldSelector } from "../trail.ts";
import { isArnOfType } from "./data-resource-types.ts";
import { type FieldRule, OPERATORS, type OperatorName, TRAIL_FIELDS } from "./selector-fields.ts";

/** Values over all operators, fields and selectors of a trail. */
const VALUES_MAX = 500;

/** As the wire brings it: lengths and patterns are the model's, and checked. */
export interface AdvancedSelectorInput {
  readonly Name?: string | undefined;
  readonly FieldSelectors: readonly FieldSelectorInput[];
}

type FieldSelectorInput = { readonly Field: string } & {
  readonly [Operator in OperatorName]?: readonly string[] | undefined;
};

/**
 * The advanced event selectors of a trail, kept as they were put.
 * @throws {Refusal} `InvalidEventSelectorsException` that names selector, field and rule.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedEventSelector.html
 */
export function parseAdvancedSelectors(inputs: readonly AdvancedSelectorInput[]): readonly AdvancedSelector[] {
  const selectors = inputs.map(parseSelector);
  const values = selectors.flatMap(({ FieldSelectors }) => FieldSelectors).flatMap(valuesOf).length;
  if (values > VALUES_MAX) {
    throw invalid(`The advanced event selectors have ${values} values in all; at most ${VALUES_MAX} are allowed.`);
  }
  return selectors;
}

function parseSelector(input: AdvancedSelectorInput, index: number): AdvancedSelector {
  const where = `Advanced event selector ${index + 1}${input.Name ? ` (${input.Name})` : ""}`;
  const fields = input.FieldSelectors.map(withoutAbsent);
  const category = categoryOf(fields, where);
  const rules = TRAIL_FIELDS.get(category);
  if (rules === undefined) {
    throw invalid(`${where}: eventCategory must be one of ${[...TRAIL_FIELDS.keys()].join(", ")}, not ${category}.`);
  }
  const seen = new Set<string>();
  for (const field of fields) {
    const rule = rules.get(field.Field);
    if (rule === undefined) throw invalid(`${where}: the field ${field.Field} is not valid for ${category} events.`);
    if (seen.has(field.Field)) throw invalid(`${where}: the field ${field.Field} is given more than once.`);
    seen.add(field.Field);
    checkField(field, rule, `${where}: the field ${field.Field}`);
  }
  for (const [name, rule] of rules) {
    if (rule.required && !seen.has(name)) throw invalid(`${where}: ${category} events need the field ${name}.`);
  }
  checkArns(fields, where);
  return { ...(input.Name === undefined ? {} : { Name: input.Name }), FieldSelectors: fields };
}

function categoryOf(fields: readonly FieldSelector[], where: string): string {
  const field = fields.find(({ Field }) => Field === "eventCategory");
  if (field === undefined) throw invalid(`${where}: the field eventCategory is missing.`);
  const [category] = field.Equals ?? [];
  if (category === undefined) throw invalid(`${where}: the field eventCategory needs the operator Equals.`);
  return category;
}

function checkField(field: FieldSelector, rule: FieldRule, where: string): void {
  const used = OPERATORS.filter((operator) => field[operator] !== undefined);
  if (used.length === 0) throw invalid(`${where} has no operator.`);
  const foreign = used.find((operator) => !rule.operators.includes(operator));
  if (foreign !== undefined) throw invalid(`${where} takes ${rule.operators.join(" or ")}, not ${foreign}.`);
  const values = valuesOf(field);
  if (rule.valuesMax !== undefined && values.length > rule.valuesMax) {
    throw invalid(`${where} takes one value in a selector, not ${values.length}.`);
  }
  const wrong = values.find((value) => rule.allows?.(value) === false);
  if (wrong !== undefined) throw invalid(`${where} takes ${rule.hint}, not ${wrong}.`);
}

/** What is to be equal must be the whole ARN of a resource of the selected type, or it would never be. */
function checkArns(fields: readonly FieldSelector[], where: string): void {
  const type = fields.find(({ Field }) => Field === "resources.type")?.Equals?.[0];
  const arns = fields.find(({ Field }) => Field === "resources.ARN");
  if (type === undefined || arns === undefined) return;
  const wrong = [...(arns.Equals ?? []), ...(arns.NotEquals ?? [])].find((arn) => !isArnOfType(type, arn));
  if (wrong !== undefined) {
    throw invalid(`${where}: the field resources.ARN: ${wrong} is not a valid ARN of a resource of type ${type}.`);
  }
}

function withoutAbsent(input: FieldSelectorInput): FieldSelector {
  const operators = OPERATORS.flatMap((operator) => {
    const values = input[operator];
    return values === undefined || values === null ? [] : [[operator, values] as const];
  });
  return { Field: input.Field, ...Object.fromEntries(operators) };
}

function valuesOf(field: FieldSelector): readonly string[] {
  return OPERATORS.flatMap((operator) => field[operator] ?? []);
}

function invalid(message: string): Refusal {
  return new Refusal("InvalidEventSelectorsException", message);
}
