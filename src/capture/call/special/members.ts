/** Members of what the generic mapping made, seen as plain objects: null where there are none. */
export type Members = Readonly<Record<string, unknown>>;

export function membersOf(value: unknown): Members | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : undefined;
}

/** The same with one member changed or, by undefined, left out; untouched when it has no such member. */
export function changed(value: unknown, name: string, change: (part: unknown) => unknown): unknown {
  const members = membersOf(value);
  if (members === undefined || !Object.hasOwn(members, name)) return value;
  const part = change(members[name]);
  if (part !== undefined) return { ...members, [name]: part };
  const { [name]: _gone, ...others } = members;
  return others;
}

export function textOf(members: Members | undefined, name: string): string | undefined {
  const value = members !== undefined && Object.hasOwn(members, name) ? members[name] : undefined;
  return typeof value === "string" ? value : undefined;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
