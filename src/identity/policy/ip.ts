import { isIPv4, isIPv6 } from "node:net";

/** A range of addresses: those whose first `prefix` bits are those of `address`. */
export interface Range {
  readonly address: Address;
  readonly prefix: number;
}

interface Address {
  /** 32 for IPv4, 128 for IPv6. */
  readonly bits: 32 | 128;
  readonly value: bigint;
}

/** `203.0.113.0/24`, `2001:db8::/32`, or one address; undefined when it is neither. */
export function parseRange(text: string): Range | undefined {
  const slash = text.indexOf("/");
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  if (slash < 0) return { address, prefix: address.bits };
  const digits = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(digits)) return undefined;
  // `::ffff:203.0.113.0/120` counts its 120 from the left of the IPv6 form.
  const prefix = Number(digits) - ((text.includes(":") ? 128 : 32) - address.bits);
  return prefix >= 0 && prefix <= address.bits ? { address, prefix } : undefined;
}

/** Whether the text is an address inside the range; what is no address (`AWS Internal`) is in none. */
export function inRange(range: Range, text: string): boolean {
  const address = parseAddress(text);
  if (address === undefined || address.bits !== range.address.bits) return false;
  const rest = BigInt(address.bits - range.prefix);
  return address.value >> rest === range.address.value >> rest;
}

/** An IPv4 address that arrived through an IPv6 socket (`::ffff:203.0.113.7`) is the IPv4 address. */
function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { bits: 32, value: joined(text.split(".").map(Number), 8n) };
  if (!isIPv6(text) || text.includes("%")) return undefined;
  const value = joined(groupsOf(text), 16n);
  return value >> 32n === 0xffffn ? { bits: 32, value: value & 0xffffffffn } : { bits: 128, value };
}

/** The eight groups of a valid IPv6 address, `::` and a dotted ending spelled out. */
function groupsOf(text: string): number[] {
  const [left = "", right] = text.split("::");
  const before = groupsIn(left);
  if (right === undefined) return before;
  const after = groupsIn(right);
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0);
  return [...before, ...zeros, ...after];
}

function groupsIn(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (!group.includes(".")) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split(".").map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

function joined(groups: readonly number[], width: bigint): bigint {
  return groups.reduce((value, group) => (value << width) | BigInt(group), 0n);
}
