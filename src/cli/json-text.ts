import { printable } from "./printable.ts";
import type { Style } from "./style.ts";

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;
const INDENT = "  ";
/** Nobody reads deeper, and the indentation of a hostile record must not outgrow memory. */
const INDENTED_DEPTH_MAX = 100;

/**
 * A JSON text laid out for reading: two spaces a level, coloured, safe on a terminal, and with every number and string
 * spelt as it was (a record must not read otherwise than what was signed).
 *
 * The text must be JSON. Works on its tokens, so no depth of nesting can overflow the stack.
 */
export function prettyJson(json: string, style: Style): string {
  const tokens = json.match(TOKEN) ?? [];
  let depth = 0;
  let text = "";
  for (const [index, token] of tokens.entries()) {
    const next = tokens[index + 1];
    if (token === "{" || token === "[") {
      text += token;
      // An empty object or list stays on its line.
      if (next !== "}" && next !== "]") text += lineBreak(++depth);
    } else if (token === "}" || token === "]") {
      const before = tokens[index - 1];
      if (before !== "{" && before !== "[") text += lineBreak(--depth);
      text += token;
    } else if (token === ",") {
      text += token + lineBreak(depth);
    } else if (token === ":") {
      text += ": ";
    } else {
      text += paintFor(token, next, style)(printable(token));
    }
  }
  return text;
}

function paintFor(token: string, next: string | undefined, style: Style): (text: string) => string {
  if (token.startsWith('"')) return next === ":" ? style.key : style.string;
  return style.number;
}

function lineBreak(depth: number): string {
  return `\n${INDENT.repeat(Math.min(depth, INDENTED_DEPTH_MAX))}`;
}
