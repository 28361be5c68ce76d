/** A set of UTF-16 code units as sorted ranges that do not touch: from, to (both inside), from, to … */
export type CharSet = readonly number[];

const LAST = 0xffff;

export const DIGITS: CharSet = [0x30, 0x39];
export const WORD: CharSet = [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a];
export const SPACES: CharSet = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
].flat();
export const LINE_ENDS: CharSet = [0x0a, 0x0a, 0x0d, 0x0d, 0x2028, 0x2029];

export function single(code: number): CharSet {
  return [code, code];
}

export function contains(set: CharSet, code: number): boolean {
  for (let at = 0; at < set.length; at += 2) {
    if (code < (set[at] ?? 0)) return false;
    if (code <= (set[at + 1] ?? 0)) return true;
  }
  return false;
}

export function union(sets: readonly CharSet[]): CharSet {
  const ranges = sets.flatMap((set) =>
    set.flatMap((code, at) => (at % 2 === 0 ? [[code, set[at + 1] ?? code] as const] : [])),
  );
  ranges.sort(([a], [b]) => a - b);
  const merged: number[] = [];
  for (const [from, to] of ranges) {
    const end = merged.at(-1);
    if (end !== undefined && from <= end + 1) merged[merged.length - 1] = Math.max(end, to);
    else merged.push(from, to);
  }
  return merged;
}

export function negate(set: CharSet): CharSet {
  const rest: number[] = [];
  let from = 0;
  for (let at = 0; at < set.length; at += 2) {
    const start = set[at] ?? 0;
    if (start > from) rest.push(from, start - 1);
    from = (set[at + 1] ?? 0) + 1;
  }
  if (from <= LAST) rest.push(from, LAST);
  return rest;
}

/** The set, and what differs from its members only in case. */
export function ignoringCase(set: CharSet): CharSet {
  const more: CharSet[] = [set];
  for (const alike of caseGroups()) {
    if (alike.some((code) => contains(set, code))) more.push(...alike.map(single));
  }
  return union(more);
}

let groups: readonly (readonly number[])[] | undefined;

/** Characters that are one when case is ignored, as JavaScript without the flag `u` sees it; made on first use. */
function caseGroups(): readonly (readonly number[])[] {
  if (groups !== undefined) return groups;
  const byUpper = new Map<number, number[]>();
  for (let code = 0; code <= LAST; code++) {
    const upper = upperOf(code);
    const group = byUpper.get(upper);
    if (group === undefined) byUpper.set(upper, [code]);
    else group.push(code);
  }
  groups = [...byUpper.values()].filter((group) => group.length > 1);
  return groups;
}

/** @see https://tc39.es/ecma262/#sec-runtime-semantics-canonicalize-ch */
function upperOf(code: number): number {
  const upper = String.fromCharCode(code).toUpperCase();
  if (upper.length !== 1) return code;
  const upperCode = upper.charCodeAt(0);
  return code >= 128 && upperCode < 128 ? code : upperCode;
}
