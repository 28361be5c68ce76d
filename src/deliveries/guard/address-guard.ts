import { BlockList, isIP } from "node:net";
import { Failure } from "../../core/index.ts";

/** Where a request may go: whoever may name an endpoint must not reach inside by it. */
export interface AddressGuard {
  /** Whether an address, as text without brackets, may be connected to. What is no address may not. */
  allows(address: string): boolean;
}

/** An endpoint lies where nobody allowed it to. */
export class AddressRefused extends Failure {
  constructor(address: string, host: string) {
    super(`address ${address} of ${host} is not allowed; allow it with targets.allow`);
    this.name = "AddressRefused";
  }
}

/**
 * What is not the public internet.
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry
 * @see https://www.iana.org/assignments/iana-ipv6-special-registry
 */
const NOT_PUBLIC: readonly string[] = [
  "0.0.0.0/8", // this host
  "10.0.0.0/8", // private
  "100.64.0.0/10", // carrier-grade NAT
  "127.0.0.0/8", // loopback
  "169.254.0.0/16", // link-local, with the metadata of cloud machines
  "172.16.0.0/12", // private
  "192.0.0.0/24", // protocol assignments
  "192.0.2.0/24", // documentation
  "192.88.99.0/24", // 6to4 relays, deprecated
  "192.168.0.0/16", // private
  "198.18.0.0/15", // benchmarks
  "198.51.100.0/24", // documentation
  "203.0.113.0/24", // documentation
  "224.0.0.0/4", // multicast
  "240.0.0.0/4", // reserved, broadcast
  "::/96", // unspecified, loopback, IPv4-compatible
  "100::/64", // discard
  "2001::/23", // protocol assignments, with Teredo
  "2001:db8::/32", // documentation
  "3fff::/20", // documentation
  "5f00::/16", // segment routing
  "fc00::/7", // unique local
  "fe80::/10", // link-local
  "fec0::/10", // site-local, deprecated
  "ff00::/8", // multicast
];

/** IPv6 prefixes that hold an IPv4 address, in the words from which on: it decides. */
const EMBEDDING: readonly (readonly [prefix: readonly number[], word: number])[] = [
  [[0, 0, 0, 0, 0, 0xffff], 6], // IPv4-mapped
  [[0, 0, 0, 0, 0xffff, 0], 6], // IPv4-translated
  [[0x64, 0xff9b, 0, 0, 0, 0], 6], // NAT64
  [[0x64, 0xff9b, 1], 6], // NAT64 with a local prefix
  [[0x2002], 1], // 6to4
];

/**
 * Refuses loopback, private, link-local, multicast and other special addresses, but for those in `allow`: addresses and
 * CIDR ranges.
 * @throws {Failure} that names the one that is neither.
 */
export function openAddressGuard(allow: readonly string[]): AddressGuard {
  const special = rangesOf(NOT_PUBLIC);
  const allowed = rangesOf(allow);
  const isIn = (ranges: BlockList, address: string): boolean =>
    ranges.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
  const allows = (given: string): boolean => {
    const address = given.replace(/%.*$/, "");
    if (isIP(address) === 0) return false;
    if (isIn(allowed, address)) return true;
    const embedded = isIP(address) === 6 ? embeddedAddress(address) : undefined;
    return embedded === undefined ? !isIn(special, address) : allows(embedded);
  };
  return { allows };
}

function rangesOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = "", bits, ...rest] = range.split("/");
    const version = isIP(address);
    const bitsMax = version === 4 ? 32 : 128;
    const isNumber = bits === undefined || /^\d{1,3}$/.test(bits);
    if (version === 0 || rest.length > 0 || !isNumber || Number(bits ?? 0) > bitsMax) {
      throw new Failure(`${range} is no address and no range of addresses`);
    }
    list.addSubnet(address, bits === undefined ? bitsMax : Number(bits), version === 4 ? "ipv4" : "ipv6");
  }
  return list;
}

function embeddedAddress(address: string): string | undefined {
  const words = wordsOf(address);
  const found = EMBEDDING.find(([prefix]) => prefix.every((word, index) => words[index] === word));
  if (found === undefined) return undefined;
  const [high = 0, low = 0] = words.slice(found[1]);
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join(".");
}

/** The eight words of an IPv6 address. */
function wordsOf(address: string): readonly number[] {
  // The URL parser knows every way to write one, and writes it in one.
  const text = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = "", tail] = text.split("::");
  const words = (part: string): number[] =>
    part.split(":").flatMap((word) => (word === "" ? [] : [parseInt(word, 16)]));
  const before = words(head);
  const after = words(tail ?? "");
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
}
