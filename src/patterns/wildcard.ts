/** Live states that a wildcard may need at once. AWS names no number; its documented example of too many needs seven. */
const STATES_MAX = 6;

/** What is wrong with a wildcard: `message` is AWS's text, `placed` whether the place in the pattern belongs to it. */
export interface WildcardFault {
  readonly message: string;
  readonly placed: boolean;
}

/**
 * Splits a wildcard at its stars: `a*b` is `["a", "b"]`, `\*` and `\\` stand for themselves. Positions in messages
 * count UTF-8 bytes with the opening quote, as AWS's do.
 */
export function splitWildcard(text: string): readonly string[] | WildcardFault {
  const parts: string[] = [];
  let part = "";
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? "";
    const next = text[at + 1];
    if (character === "*") {
      if (next === "*") return fault(`Consecutive wildcard characters at pos ${position(text, at)}`);
      parts.push(part);
      part = "";
    } else if (character === "\\") {
      if (next !== "*" && next !== "\\") return fault(`Invalid escape character at pos ${position(text, at)}`);
      part += next;
      at += 1;
    } else {
      part += character;
    }
  }
  parts.push(part);
  if (statesOf(parts) <= STATES_MAX) return parts;
  const advice =
    "try using fewer wildcard characters or fewer repeating character sequences after a wildcard character";
  return { message: `Rule is too complex - ${advice}`, placed: false };
}

/** Whether `value` is the parts in their order with anything between them. Takes the leftmost place of each part. */
export function matchesWildcard(parts: readonly string[], value: string): boolean {
  const first = parts[0] ?? "";
  const last = parts.at(-1) ?? "";
  if (parts.length === 1) return value === first;
  if (value.length < first.length + last.length || !value.startsWith(first) || !value.endsWith(last)) return false;
  const end = value.length - last.length;
  let at = first.length;
  for (let index = 1; index < parts.length - 1; index += 1) {
    const part = parts[index] ?? "";
    const found = value.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return at <= end;
}

function fault(message: string): WildcardFault {
  return { message, placed: true };
}

function position(text: string, at: number): number {
  return 1 + Buffer.byteLength(text.slice(0, at));
}

/** Every star stays live once it is reached; beside it live the beginnings of a part that overlap each other. */
function statesOf(parts: readonly string[]): number {
  const stars = parts.length - 1;
  return stars + Math.max(0, ...parts.slice(1).map(overlapsOf));
}

/** How many proper beginnings of `part` can be the end of one text at the same time: 1 for `abc`, 3 for `aaaa`. */
function overlapsOf(part: string): number {
  // The failure function of Knuth, Morris and Pratt: the longest beginning that is also the end of this beginning.
  const borders: number[] = [0];
  const chains: number[] = [1];
  for (let at = 1; at < part.length - 1; at += 1) {
    let border = borders[at - 1] ?? 0;
    while (border > 0 && part[at] !== part[border]) border = borders[border - 1] ?? 0;
    if (part[at] === part[border]) border += 1;
    borders.push(border);
    chains.push(border === 0 ? 1 : 1 + (chains[border - 1] ?? 0));
  }
  return part.length < 2 ? 0 : Math.max(...chains);
}
