/**
 * Members that came and that no model knows: a client may be newer than our models. They stand beside the values that were
 * read, not among them, so that nothing that goes by the model ever meets them.
 */
import type { Values } from "./tree.ts";

const kept = new WeakMap<object, Values>();

/** `part` is a value without a model: text, numbers, lists, and objects by the names of the wire. */
export function keepUnknown(values: object, name: string, part: unknown): void {
  let members = kept.get(values);
  // Names are the caller's: `__proto__` is one like any other.
  if (members === undefined) kept.set(values, (members = Object.create(null) as Values));
  members[name] = part;
}

/** What came with these values and is unknown, by the names of the wire; undefined when all of it is known. */
export function unknownMembers(values: object): Readonly<Values> | undefined {
  return kept.get(values);
}

/** For values that were copied: `copy` has the unknown members of `values` too. */
export function withUnknown<Copy extends object>(copy: Copy, values: object): Copy {
  const members = kept.get(values);
  for (const name of Object.keys(members ?? {})) keepUnknown(copy, name, members?.[name]);
  return copy;
}
