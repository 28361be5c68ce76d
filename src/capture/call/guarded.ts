/** What a special rule gives; when it fails it costs its quirk, not the record. */
export function guarded<Value>(rule: () => Value, otherwise: Value): Value {
  try {
    return rule();
  } catch {
    // Rules see hostile requests; whoever reads the record is better off with the generic description than without one.
    return otherwise;
  }
}

/** What an error tells, bounded: parsers repeat what they choke on. */
export function reasonOf(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : "not understood").slice(0, 200);
}
