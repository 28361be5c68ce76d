/**
 * Reads `user=*, id=*`: each `*` takes the text up to what follows it, the last one all the rest when nothing follows.
 * `\*` is an asterisk.
 */
export function globReader(pattern: string): {
  readonly holes: number;
  read(text: string): readonly string[] | undefined;
} {
  const [head = "", ...pieces] = pattern.split(/(?<!\\)\*/).map((piece) => piece.replaceAll("\\*", "*"));
  return { holes: pieces.length, read: (text) => readPieces(text, head, pieces) };
}

function readPieces(text: string, head: string, pieces: readonly string[]): readonly string[] | undefined {
  const start = text.indexOf(head);
  if (start === -1) return undefined;
  const found: string[] = [];
  let at = start + head.length;
  for (const [index, piece] of pieces.entries()) {
    const last = index === pieces.length - 1;
    const end = piece === "" ? (last ? text.length : at) : text.indexOf(piece, at);
    if (end === -1) return undefined;
    found.push(text.slice(at, end));
    at = end + piece.length;
  }
  return found;
}
