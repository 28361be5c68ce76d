import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Random, systemRandom } from "../core/index.ts";
import { accountOfAccessKey, newAccessKeyId, newPrincipalId, newSecretAccessKey } from "./index.ts";

describe("newAccessKeyId()", () => {
  const anyAccount = fc.integer({ min: 0, max: 999_999_999_999 }).map((n) => String(n).padStart(12, "0"));
  const anyRandom = fc
    .uint8Array({ minLength: 5, maxLength: 5 })
    .map((bytes): Random => ({ ...systemRandom, bytes: () => bytes }));

  test("newAccessKeyId() makes ids that hold their account, whatever the random bits", () => {
    fc.assert(
      fc.property(
        anyAccount,
        anyRandom,
        fc.constantFrom("AKIA" as const, "ASIA" as const),
        (account, random, prefix) => {
          const id = newAccessKeyId(random, prefix, account);
          expect(id).toMatch(new RegExp(`^${prefix}[A-Z2-7]{16}$`));
          expect(accountOfAccessKey(id)).toBe(account);
        },
      ),
    );
  });

  test("newAccessKeyId() differs each time", () => {
    const ids = Array.from({ length: 1000 }, () => newAccessKeyId(systemRandom, "AKIA", "123456789012"));
    expect(new Set(ids).size).toBe(1000);
  });
});

test.each([
  ["AWS's example, of the time before accounts stood in ids", "AKIAIOSFODNN7EXAMPLE"],
  ["a principal's id", "AIDAQ3EGTZZZZZZZZZZZZ"],
  ["an id that is too long", "AKIAQ3EGTZZZZZZZZZZZZ"],
  ["a number above all accounts", "AKIA7777777777777777"],
  ["nothing", ""],
])("accountOfAccessKey() knows nothing of %s", (_, id) => expect(accountOfAccessKey(id)).toBeUndefined());

test("accountOfAccessKey() reads an id as published decoders do", () => {
  // The usual decoder: base32, the first six bytes, masked with 0x7fffffffff80, shifted right by seven.
  const id = newAccessKeyId(systemRandom, "ASIA", "581039954779");
  const bits = Array.from(id.slice(4), (letter) =>
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"),
  );
  const sixBytes = BigInt(`0b${bits.join("").slice(0, 48)}`);
  expect((sixBytes & 0x7fffffffff80n) >> 7n).toBe(581039954779n);
});

test("newPrincipalId() gives 21 characters", () => {
  for (const prefix of ["AIDA", "AROA", "AGPA", "ANPA"] as const) {
    expect(newPrincipalId(systemRandom, prefix)).toMatch(new RegExp(`^${prefix}[A-Z2-7]{17}$`));
  }
});

test("newSecretAccessKey() gives 40 characters of base64's alphabet", () => {
  expect(newSecretAccessKey(systemRandom)).toMatch(/^[A-Za-z0-9+/]{40}$/);
});
