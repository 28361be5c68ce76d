import { PatternError } from "./event-pattern.ts";

/** A range of addresses: those whose first `bits` bits are those of `base`. */
export interface AddressRange {
  readonly family: 4 | 6;
  readonly base: bigint;
  readonly bits: number;
}

interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
}

const LOOKS_LIKE_V4 = /^\d+\.\d+\.\d+\.\d+$/;
const LOOKS_LIKE_V6 = /^[\da-fA-F:]*:[\da-fA-F:]*$/;

/**
 * An address range as event patterns write it: `10.0.0.0/8`, `2001:db8::/32`.
 * @throws {PatternError} in AWS's words, without a place. A mask that leaves a single address is refused, as AWS does.
 */
export function parseCidr(text: string): AddressRange {
  const [address, mask, ...more] = text.split("/");
  if (address === undefined || mask === undefined || more.length > 0) {
    throw new PatternError("Malformed CIDR, one '/' required");
  }
  if (!/^[-+]?\d{1,9}$/.test(mask)) throw new PatternError("Malformed CIDR, mask bits must be an integer");
  const bits = Number(mask);
  if (bits < 0) throw new PatternError("Malformed CIDR, mask bits must not be negative");
  if (!LOOKS_LIKE_V4.test(address) && !LOOKS_LIKE_V6.test(address)) {
    throw new PatternError(`Nonstandard IP address: ${address}`);
  }
  const parsed = parseAddress(address);
  if (parsed === undefined) throw new PatternError(`Invalid IP address: ${address}`);
  const width = widthOf(parsed.family);
  if (bits >= width) throw new PatternError(`IPv${parsed.family} mask bits must be < ${width}`);
  const free = BigInt(width - bits);
  return { family: parsed.family, base: (parsed.value >> free) << free, bits };
}

/** Whether the text is an address of the range; text that is no address is in no range. */
export function isInRange(range: AddressRange, text: string): boolean {
  const address = parseAddress(text);
  if (address === undefined || address.family !== range.family) return false;
  const free = BigInt(widthOf(range.family) - range.bits);
  return address.value >> free === range.base >> free;
}

function widthOf(family: 4 | 6): 32 | 128 {
  return family === 4 ? 32 : 128;
}

function parseAddress(text: string): Address | undefined {
  // The longest text of an address; what is longer need not be looked at.
  if (text.length > 45) return undefined;
  if (LOOKS_LIKE_V4.test(text)) return parseV4(text);
  return LOOKS_LIKE_V6.test(text) ? parseV6(text) : undefined;
}

function parseV4(text: string): Address | undefined {
  let value = 0n;
  for (const part of text.split(".")) {
    const byte = Number(part);
    if (part.length > 3 || byte > 255) return undefined;
    value = (value << 8n) | BigInt(byte);
  }
  return { family: 4, value };
}

function parseV6(text: string): Address | undefined {
  const [head = "", tail, ...more] = text.split("::");
  if (more.length > 0) return undefined;
  const before = groups(head);
  const after = groups(tail ?? "");
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  let value = 0n;
  for (const group of [...before, ...Array<string>(missing).fill("0"), ...after]) {
    if (group === "" || group.length > 4) return undefined;
    value = (value << 16n) | BigInt(`0x${group}`);
  }
  return { family: 6, value };
}

function groups(text: string): readonly string[] {
  return text === "" ? [] : text.split(":");
}

/** The address that was read last: an event's address is asked about by many ranges one after the other. */
let lastText = "";
let lastAddress: Address | undefined;

/** The same answer as `isInRange`, for many ranges about one text. */
export function addressTest(range: AddressRange): (value: unknown) => boolean {
  const free = BigInt(widthOf(range.family) - range.bits);
  const prefix = range.base >> free;
  return (value) => {
    if (typeof value !== "string") return false;
    if (value !== lastText) {
      lastText = value;
      lastAddress = parseAddress(value);
    }
    return lastAddress !== undefined && lastAddress.family === range.family && lastAddress.value >> free === prefix;
  };
}
