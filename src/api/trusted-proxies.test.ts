import { expect, test } from "vitest";
import { trustedProxies } from "./trusted-proxies.ts";

test("trustedProxies() knows addresses and ranges of both families", () => {
  const trusts = trustedProxies(["10.0.0.1", "192.168.0.0/16", "fd00::/8"]);
  const asked = ["10.0.0.1", "10.0.0.2", "192.168.7.9", "192.169.0.1", "fd12::1", "fe80::1", "unknown"];
  expect(asked.filter((address) => trusts?.(address))).toEqual(["10.0.0.1", "192.168.7.9", "fd12::1"]);
});

test("trustedProxies() trusts nobody unless told, and refuses what is no range", () => {
  expect(trustedProxies([])).toBeUndefined();
  expect(() => trustedProxies(["10.0.0.0/33"])).toThrow("10.0.0.0/33 is no address and no range");
});
