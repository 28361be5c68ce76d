/**
 * Distinguished Encoding Rules, as far as a certificate needs them: each value is a tag, a length and its contents.
 * @see https://www.itu.int/rec/T-REC-X.690
 */
export type Der = Uint8Array;

export function sequence(...parts: readonly Der[]): Der {
  return value(0x30, Buffer.concat(parts));
}

export function set(...parts: readonly Der[]): Der {
  return value(0x31, Buffer.concat(parts));
}

/** A non-negative integer, most significant byte first. */
export function integer(bytes: Uint8Array): Der {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? Uint8Array.of(0) : bytes.subarray(first);
  // A first bit that is set would make it negative.
  return value(0x02, (digits[0] ?? 0) < 0x80 ? digits : Buffer.concat([Uint8Array.of(0), digits]));
}

/** `1.2.840.113549.1.1.11` */
export function objectId(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return value(0x06, Uint8Array.from([first * 40 + second, ...rest].flatMap(base128)));
}

export function utf8(text: string): Der {
  return value(0x0c, Buffer.from(text));
}

export function nothing(): Der {
  return value(0x05, new Uint8Array());
}

/** Whole bytes: no bit is unused. */
export function bits(bytes: Uint8Array): Der {
  return value(0x03, Buffer.concat([Uint8Array.of(0), bytes]));
}

/** What stands under a number of its own: `[0] EXPLICIT`. */
export function explicit(number: number, part: Der): Der {
  return value(0xa0 + number, part);
}

/** Milliseconds since 1970, of which whole seconds are kept; years to 2049 are written with two digits, as X.509 demands. */
export function time(ms: number): Der {
  const digits = new Date(ms).toISOString().replace(/\.\d+Z$|[-:T]/g, "");
  const isShort = Number(digits.slice(0, 4)) < 2050;
  return value(isShort ? 0x17 : 0x18, Buffer.from(`${isShort ? digits.slice(2) : digits}Z`));
}

function value(tag: number, contents: Uint8Array): Der {
  return Buffer.concat([Uint8Array.of(tag), length(contents.length), contents]);
}

function length(count: number): Uint8Array {
  if (count < 0x80) return Uint8Array.of(count);
  const digits: number[] = [];
  for (let rest = count; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return Uint8Array.of(0x80 + digits.length, ...digits);
}

/** Seven bits a byte; all but the last have their first bit set. */
function base128(number: number): number[] {
  const digits = [number % 128];
  for (let rest = Math.floor(number / 128); rest > 0; rest = Math.floor(rest / 128)) digits.unshift((rest % 128) + 128);
  return digits;
}
