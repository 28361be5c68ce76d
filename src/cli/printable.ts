/**
 * Everything that a terminal might obey, hide or reorder: control characters (escape sequences begin with one), format
 * characters (bidirectional marks, zero-width joints, tags), lone surrogates, private and unassigned code points, line and
 * paragraph separators, and whatever Unicode says may be drawn as nothing.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * The text as it may reach a terminal: what is not plainly visible stands as `\u001b`, so that nobody can move the
 * cursor, forge a line, or let two names look alike. Every text that came from a record, a server or a file goes through here.
 */
export function printable(text: string): string {
  return text.replace(UNSAFE, escape);
}

/** The same JSON value on one line, safe on a terminal: inside strings, `\u001b` means what the character meant. */
export function jsonLine(json: string): string {
  // Raw line breaks and tabs can only stand between tokens, where a space says the same.
  return printable(json.replace(/[\n\r\t]+/g, " ").trim());
}

function escape(character: string): string {
  return character
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}
