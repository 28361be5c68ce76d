const CLOSING: Readonly<Record<string, string>> = { "[": "]", '"': '"' };

/** The fields of a space-delimited message: `127.0.0.1 - [10/Oct/2000] "GET /"` has four. Linear in the text. */
export function splitFields(text: string): readonly string[] {
  const fields: string[] = [];
  // What was not closed once is not closed later either: looking again each time would be quadratic.
  const unclosed = new Set<string>();
  let at = 0;
  while (at < text.length) {
    if (isSpace(text, at)) {
      at++;
      continue;
    }
    const closing = CLOSING[text[at] ?? ""];
    const end = closing === undefined || unclosed.has(closing) ? -1 : text.indexOf(closing, at + 1);
    if (closing !== undefined && end === -1) unclosed.add(closing);
    const start = end === -1 ? at : at + 1;
    const stop = end === -1 ? endOfWord(text, at) : end;
    fields.push(text.slice(start, stop));
    at = end === -1 ? stop : end + 1;
  }
  return fields;
}

function endOfWord(text: string, from: number): number {
  let at = from;
  while (at < text.length && !isSpace(text, at)) at++;
  return at;
}

function isSpace(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}
