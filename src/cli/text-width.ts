/** Two columns wide: Unicode's East Asian Wide and Fullwidth ranges (UAX #11), and what is drawn as emoji. */
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]/u;
const MARKS_ONLY = /^\p{M}+$/u;
const ASCII = /^[ -~]*$/;
const ELLIPSIS = "…";

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Columns that a terminal needs for printable text. */
export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  return splitGraphemes(text).reduce((sum, grapheme) => sum + graphemeWidth(grapheme), 0);
}

/** Where a text that is too long is cut: `end` keeps its beginning, `middle` both its ends. */
export type Cut = "end" | "middle";

/** At most `columns` wide, with `…` where something was left out; never cuts a grapheme in two. */
export function cutText(text: string, columns: number, cut: Cut): string {
  if (textWidth(text) <= columns) return text;
  if (columns < 1) return "";
  const room = columns - 1;
  const tail = cut === "middle" ? Math.floor(room / 2) : 0;
  const parts = splitGraphemes(text);
  return takeColumns(parts, room - tail) + ELLIPSIS + takeColumns(parts.toReversed(), tail, true);
}

/** Filled up with spaces to `columns`; longer text is left as it is. */
export function padText(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - textWidth(text)));
}

function takeColumns(parts: readonly string[], columns: number, backwards = false): string {
  let used = 0;
  let taken = "";
  for (const part of parts) {
    used += graphemeWidth(part);
    if (used > columns) break;
    taken = backwards ? part + taken : taken + part;
  }
  return taken;
}

function splitGraphemes(text: string): readonly string[] {
  return Array.from(graphemes.segment(text), ({ segment }) => segment);
}

function graphemeWidth(grapheme: string): number {
  if (MARKS_ONLY.test(grapheme)) return 0;
  return WIDE.test(grapheme) ? 2 : 1;
}
