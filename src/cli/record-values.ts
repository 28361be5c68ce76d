/** Members of a record: text from outside, of any type. */
export type Values = Readonly<Record<string, unknown>>;

/** What is no JSON has no members: such a record is told by what the server says of it, if at all. */
export function parseValues(json: string): Values {
  try {
    return valuesOf(JSON.parse(json));
  } catch {
    // Nothing can be read of it.
    return {};
  }
}

export function valuesOf(value: unknown): Values {
  return typeof value === "object" && value !== null ? (value as Values) : {};
}
