/**
 * `*` and `?` patterns, matched without backtracking: policies are hostile input, and `a*a*a*a*…` must not buy time.
 *
 * Between two `*` lies a piece of fixed length. The first piece is anchored at the start, the last at the end, and each
 * one between is looked for once, leftmost, from where the one before ended; that greedy choice is always right because
 * a `*` takes whatever is left over. Pieces are found by Shift-And, 32 characters of the piece per machine word, so a
 * match costs at most `text × ⌈longest piece / 32⌉` steps: linear in the text, whatever the pattern.
 *
 * Characters are UTF-16 units, as in every comparison of JavaScript strings.
 */

/** What a pattern is made of: a UTF-16 unit that stands for itself, `ONE` or `MANY`. */
export type Token = number;
/** Any one character: `?`. */
const ONE: Token = -1;
/** Any characters, also none, `:` and `/` included: `*`. */
const MANY: Token = -2;

export interface Pattern {
  /** The whole text when nothing in the pattern is wild; most patterns in policies are such. */
  readonly literal?: string;
  readonly head: Piece;
  readonly middle: readonly Piece[];
  readonly tail: Piece;
  /** Whether there is a `*`: without one, `head` is everything. */
  readonly open: boolean;
  /** The shortest text that can match. */
  readonly lengthMin: number;
}

/** Counts steps, so that tests can bound the work rather than the time. */
export interface Meter {
  steps: number;
}

/** The text as tokens; `wild` says whether `*` and `?` mean anything. */
export function tokensOf(text: string, wild: boolean): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    tokens.push(wild && unit === STAR ? MANY : wild && unit === QUESTION ? ONE : unit);
  }
  return tokens;
}

export function compilePattern(tokens: readonly Token[]): Pattern {
  const pieces: Token[][] = [[]];
  for (const token of tokens) {
    if (token === MANY) pieces.push([]);
    else (pieces.at(-1) as Token[]).push(token);
  }
  const open = pieces.length > 1;
  const head = new Piece(pieces.shift() ?? []);
  const tail = new Piece(pieces.pop() ?? []);
  const middle = pieces.filter((piece) => piece.length > 0).map((piece) => new Piece(piece));
  const lengthMin = tokens.reduce((length, token) => length + (token === MANY ? 0 : 1), 0);
  const fixed = { head, middle, tail, open, lengthMin };
  return tokens.every((token) => token >= 0) ? { ...fixed, literal: textOf(tokens) } : fixed;
}

export function patternMatches(pattern: Pattern, text: string, meter?: Meter): boolean {
  if (pattern.literal !== undefined) return text === pattern.literal;
  const { head, middle, tail, open, lengthMin } = pattern;
  if (open ? text.length < lengthMin : text.length !== lengthMin) return false;
  if (!head.fits(text, 0, meter)) return false;
  const end = text.length - tail.length;
  if (!tail.fits(text, end, meter)) return false;
  let at = head.length;
  for (const piece of middle) {
    at = piece.find(text, at, end, meter);
    if (at < 0) return false;
  }
  return true;
}

/** A run of tokens without `MANY`. */
class Piece {
  readonly length: number;
  readonly #tokens: readonly Token[];
  #masks: Masks | undefined;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
    this.length = tokens.length;
  }

  /** Whether the text has this piece exactly at `at`. */
  fits(text: string, at: number, meter?: Meter): boolean {
    for (let i = 0; i < this.length; i++) {
      if (meter !== undefined) meter.steps++;
      const token = this.#tokens[i];
      if (token !== ONE && token !== text.charCodeAt(at + i)) return false;
    }
    return true;
  }

  /** Where the leftmost occurrence within `[from, to)` ends, or -1. */
  find(text: string, from: number, to: number, meter?: Meter): number {
    if (to - from < this.length) return -1;
    // Built on first use: an action pattern that is longer than every action never needs its masks.
    this.#masks ??= masksOf(this.#tokens);
    const { words, byUnit, other, last, lastBit } = this.#masks;
    const state = new Uint32Array(words);
    for (let at = from; at < to; at++) {
      const mask = byUnit.get(text.charCodeAt(at)) ?? other;
      // Bit i of the state says that the i + 1 first tokens of the piece end here; a new attempt starts at every place.
      let carry = 1;
      for (let word = 0; word < words; word++) {
        if (meter !== undefined) meter.steps++;
        const before = state[word] as number;
        state[word] = ((before << 1) | carry) & (mask[word] as number);
        carry = before >>> 31;
      }
      if (((state[last] as number) & lastBit) !== 0) return at + 1;
    }
    return -1;
  }
}

interface Masks {
  readonly words: number;
  /** For a character of the piece: the places where it may stand. */
  readonly byUnit: ReadonlyMap<number, Uint32Array>;
  /** For every other character: the places of `ONE`. */
  readonly other: Uint32Array;
  readonly last: number;
  readonly lastBit: number;
}

function masksOf(tokens: readonly Token[]): Masks {
  const words = Math.ceil(tokens.length / 32);
  const other = new Uint32Array(words);
  tokens.forEach((token, place) => {
    if (token === ONE) setBit(other, place);
  });
  const byUnit = new Map<number, Uint32Array>();
  tokens.forEach((token, place) => {
    if (token === ONE) return;
    const mask = byUnit.get(token) ?? other.slice();
    byUnit.set(token, mask);
    setBit(mask, place);
  });
  const place = tokens.length - 1;
  return { words, byUnit, other, last: place >>> 5, lastBit: 1 << (place & 31) };
}

function setBit(mask: Uint32Array, place: number): void {
  mask[place >>> 5] = (mask[place >>> 5] as number) | (1 << (place & 31));
}

function textOf(units: readonly Token[]): string {
  let text = "";
  for (const unit of units) text += String.fromCharCode(unit);
  return text;
}

const STAR = 0x2a;
const QUESTION = 0x3f;
