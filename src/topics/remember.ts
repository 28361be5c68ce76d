/**
 * What `make` answers for a text, made once: definitions are short, few, and read for every message. Nothing is ever stale,
 * since the text is all that `make` looks at; beyond `textsMax` texts it starts anew.
 */
export function remember<Value>(textsMax: number, make: (text: string) => Value): (text: string) => Value {
  const known = new Map<string, Value>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const made = make(text);
    if (known.size >= textsMax) known.clear();
    known.set(text, made);
    return made;
  };
}
