import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Failure } from "../../core/index.ts";
import { openAddressGuard } from "./address-guard.ts";

describe("AddressGuard.allows()", () => {
  const guard = openAddressGuard([]);

  test.each([
    ["loopback", "127.0.0.1", "127.255.255.254", "::1"],
    ["unspecified", "0.0.0.0", "0.1.2.3", "::"],
    ["private", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"],
    ["carrier-grade NAT", "100.64.0.1", "100.127.255.255"],
    ["link-local", "169.254.169.254", "fe80::1", "fe80::1%eth0", "febf::1"],
    ["unique local and site-local", "fc00::1", "fd00:ec2::254", "fec0::1"],
    ["multicast and broadcast", "224.0.0.1", "239.255.255.255", "255.255.255.255", "ff02::1"],
    ["IPv4-mapped", "::ffff:127.0.0.1", "::ffff:7f00:1", "0:0:0:0:0:ffff:10.0.0.1", "::FFFF:A9FE:A9FE"],
    ["IPv4-compatible", "::127.0.0.1", "::a00:1"],
    [
      "IPv4 in NAT64, 6to4 and translated",
      "64:ff9b::10.0.0.1",
      "64:ff9b:1::7f00:1",
      "2002:7f00:1::",
      "::ffff:0:127.0.0.1",
    ],
    ["documentation and benchmarks", "192.0.2.1", "198.18.0.1", "203.0.113.9", "2001:db8::1"],
    ["no address at all", "", "localhost", "127.1", "0x7f.1", "2130706433", "1.2.3.4/8", "[::1]"],
  ])("refuses %s", (_, ...addresses) => {
    expect(addresses.filter((address) => guard.allows(address))).toEqual([]);
  });

  test("lets the public internet through", () => {
    const addresses = ["8.8.8.8", "172.32.0.1", "100.128.0.1", "192.169.0.1", "2606:4700::1111", "::ffff:8.8.8.8"];
    expect(addresses.filter((address) => !guard.allows(address))).toEqual([]);
  });

  test("lets through what is allowed, and nothing beside", () => {
    const some = openAddressGuard(["127.0.0.1", "10.1.0.0/16", "fd00::/8"]);
    expect(
      ["127.0.0.1", "10.1.2.3", "fd00::1", "::ffff:10.1.2.3", "8.8.8.8"].every((address) => some.allows(address)),
    ).toBe(true);
    expect(["127.0.0.2", "10.2.0.1", "fc00::1", "::1"].some((address) => some.allows(address))).toBe(false);
  });

  test("says of an IPv4 address what it says of its mapped form", () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(guard.allows(`::ffff:${address}`)).toBe(guard.allows(address));
      }),
    );
  });
});

test.each(["localhost", "10.0.0.0/33", "10.0.0.0/x", "10.0.0.0/", "::/129", "1.2.3.4/8/8", ""])(
  "openAddressGuard() refuses to allow %j",
  (range) => {
    expect(() => openAddressGuard([range])).toThrow(Failure);
  },
);
