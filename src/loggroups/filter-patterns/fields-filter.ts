import { parseComparison } from "./comparison.ts";
import { parseExpression, type Test } from "./expression.ts";
import { invalidPattern } from "./refusals.ts";
import { Scanner } from "./scanner.ts";

interface Field {
  readonly name: string;
  readonly test?: Test<string>;
}

/** `[ip, user, ..., status = 4*, bytes > 1000]` */
export interface FieldsFilter {
  readonly kind: "fields";
  /** Fields before `...`, or all of them. */
  readonly head: readonly Field[];
  /** Fields after `...`; undefined when the pattern has none. */
  readonly tail: readonly Field[] | undefined;
}

/** @throws {Refusal} `InvalidParameterException` */
export function parseFieldsFilter(text: string): FieldsFilter {
  const scanner = new Scanner(text);
  const head: Field[] = [];
  let tail: Field[] | undefined;
  scanner.expect("[");
  do {
    if (!scanner.take("...")) (tail ?? head).push(parseField(scanner));
    else if (tail === undefined) tail = [];
    else throw invalidPattern("it has more than one ...");
  } while (scanner.take(","));
  scanner.expect("]");
  if (!scanner.ended) throw scanner.refusal();
  return { kind: "fields", head, tail };
}

function parseField(scanner: Scanner): Field {
  const names = new Set<string>();
  let bare = 0;
  let conditions = 0;
  const test = parseExpression<string>(scanner, () => {
    const name = scanner.match(/[A-Za-z0-9_-]+/y);
    if (name === undefined) throw scanner.refusal();
    names.add(name);
    const compare = parseComparison(scanner);
    if (compare === undefined) bare++;
    else conditions++;
    return compare ?? (() => true);
  });
  const [name = ""] = names;
  // Conditions of one place are about one field; a name without condition stands alone.
  if (names.size !== 1) throw invalidPattern(`one field is named ${[...names].join(" and ")}`);
  if (bare > 0 && bare + conditions > 1) throw invalidPattern(`${name} stands without a condition among conditions`);
  return conditions === 0 ? { name } : { name, test };
}

export function matchFields(filter: FieldsFilter, fields: readonly string[]): boolean {
  const { head, tail } = filter;
  if (tail === undefined && fields.length !== head.length) return false;
  if (fields.length < head.length + (tail?.length ?? 0)) return false;
  const holds = (field: Field, value: string | undefined) => field.test?.(value ?? "") ?? true;
  const after = fields.length - (tail?.length ?? 0);
  return (
    head.every((field, at) => holds(field, fields[at])) &&
    (tail ?? []).every((field, at) => holds(field, fields[after + at]))
  );
}

/** The fields of a message that matches, by `$name`; those that `...` stands for by their position, from `$1`. */
export function namedFields(filter: FieldsFilter, fields: readonly string[]): readonly (readonly [string, string])[] {
  const after = fields.length - (filter.tail?.length ?? 0);
  return fields.map((value, at) => {
    const field = at < filter.head.length ? filter.head[at] : at >= after ? filter.tail?.[at - after] : undefined;
    return [`$${field?.name ?? at + 1}`, value];
  });
}
