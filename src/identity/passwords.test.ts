import { describe, expect, test } from "vitest";
import { systemRandom } from "../core/index.ts";
import { assertPasswordAllowed, hashPassword, verifyPassword } from "./passwords.ts";

describe("hashPassword()", () => {
  test("hashPassword() makes what verifyPassword() knows again, and nothing else", async () => {
    const hashed = await hashPassword("correct horse ÿ", systemRandom);
    expect(hashed).toMatch(/^scrypt\$16384\$8\$1\$[A-Za-z0-9+/]{22}==\$[A-Za-z0-9+/]{43}=$/);
    expect(await verifyPassword("correct horse ÿ", hashed)).toBe(true);
    for (const wrong of ["correct horse y", "correct horse ÿ ", "", "Correct horse ÿ"]) {
      expect(await verifyPassword(wrong, hashed)).toBe(false);
    }
  });

  test("hashPassword() never makes the same twice", async () => {
    const [one, other] = [await hashPassword("12345678", systemRandom), await hashPassword("12345678", systemRandom)];
    expect(one).not.toBe(other);
  });
});

describe("verifyPassword()", () => {
  test("verifyPassword() reads the costs from the hash", async () => {
    const vector = "scrypt$16$1$1$$d9ZXYjhleyA7GcpCwYoEl/FrSETjB0ro39/6P+3iFEI=";
    // RFC 7914 section 12, first vector, cut to 32 bytes: password and salt are empty.
    expect(await verifyPassword("", vector)).toBe(true);
    expect(await verifyPassword("x", vector)).toBe(false);
  });

  test.each(["", "plain", "bcrypt$1$1$1$AA==$AA==", "scrypt$16$1$1$AA==", "scrypt$16$1$1$AA==$AA=="])(
    "verifyPassword() takes no password for %j",
    async (hashed) => expect(await verifyPassword("plain", hashed)).toBe(false),
  );
});

describe("assertPasswordAllowed()", () => {
  test.each([
    ["1234567", "minimum length of 8"],
    ["", "minimum length of 8"],
    ["x".repeat(129), "maximum length of 128"],
  ])("assertPasswordAllowed() refuses %j", (password, told) => {
    expect(() => assertPasswordAllowed(password)).toThrow(told);
  });

  test.each(["12345678", "x".repeat(128)])("assertPasswordAllowed() allows %j", (password) => {
    expect(() => assertPasswordAllowed(password)).not.toThrow();
  });
});
