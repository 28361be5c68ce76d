import { scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { type Random, Refusal } from "../core/index.ts";

/** What a password must be when the account has no password policy of its own, and what is said otherwise. */
const RULES: readonly (readonly [holds: (password: string) => boolean, message: string])[] = [
  [(password) => password.length >= 8, "Password should have a minimum length of 8"],
  [(password) => password.length <= 128, "Password should have a maximum length of 128"],
];

/** @throws {Refusal} `PasswordPolicyViolation`. */
export function assertPasswordAllowed(password: string): void {
  for (const [holds, message] of RULES) {
    if (!holds(password)) throw new Refusal("PasswordPolicyViolation", message);
  }
}

/** `scrypt$N$r$p$salt$hash`, salt and hash in base64. Takes some 50 ms on a thread of the pool. */
export async function hashPassword(password: string, random: Random): Promise<string> {
  const salt = random.bytes(16);
  const hash = await derive(password, salt, COST);
  const { N, r, p } = COST;
  return ["scrypt", N, r, p, base64(salt), base64(hash)].join("$");
}

/** Whether the password is the one that was hashed; the time taken tells nothing about where they differ. */
export async function verifyPassword(password: string, hashed: string): Promise<boolean> {
  const [method, N, r, p, salt, hash] = hashed.split("$");
  if (method !== "scrypt" || salt === undefined || hash === undefined) return false;
  const expected = Buffer.from(hash, "base64");
  const given = await derive(password, Buffer.from(salt, "base64"), { N: Number(N), r: Number(r), p: Number(p) });
  return given.length === expected.length && timingSafeEqual(given, expected);
}

interface Cost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** 16 MiB and some 50 ms for each guess. The costs stand in each hash, so raising them leaves older ones valid. */
const COST: Cost = { N: 2 ** 14, r: 8, p: 1 };

const scryptOnPool = promisify<string, Uint8Array, number, Cost, Buffer>(scrypt);

function derive(password: string, salt: Uint8Array, cost: Cost): Promise<Buffer> {
  return scryptOnPool(password, salt, 32, cost);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
