import { BlockList, isIP } from "node:net";

/**
 * Tells the proxies whose `X-Forwarded-For` is believed. `ranges` are addresses and CIDR ranges.
 * @throws {Error} that names the one that is neither.
 */
export function trustedProxies(ranges: readonly string[]): ((address: string) => boolean) | undefined {
  if (ranges.length === 0) return undefined;
  const list = new BlockList();
  for (const range of ranges) {
    const [address = "", bits] = range.split("/");
    const version = isIP(address);
    const length = bits === undefined ? (version === 4 ? 32 : 128) : Number(bits);
    if (version === 0 || length > (version === 4 ? 32 : 128)) throw new Error(`${range} is no address and no range`);
    list.addSubnet(address, length, version === 4 ? "ipv4" : "ipv6");
  }
  return (address) => list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}
