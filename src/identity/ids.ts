import { type Random, randomText } from "../core/index.ts";

/** `AKIA` for keys that stay, `ASIA` for those of a session. */
export type AccessKeyPrefix = "AKIA" | "ASIA";

/** User, role, group, managed policy. */
export type PrincipalPrefix = "AIDA" | "AROA" | "AGPA" | "ANPA";

/**
 * An access key id: the prefix and 16 characters `A–Z2–7`.
 *
 * As in AWS's own ids, the account stands in it (bits 1 to 40 of the 80, the first being set), so that GetAccessKeyInfo
 * can answer for a session although sessions are kept nowhere. 39 bits are random.
 */
export function newAccessKeyId(random: Random, prefix: AccessKeyPrefix, account: string): string {
  const noise = random.bytes(5).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n) & ((1n << NOISE_BITS) - 1n);
  let bits = (1n << 79n) | (BigInt(account) << NOISE_BITS) | noise;
  let text = "";
  for (let place = 0; place < 16; place++, bits >>= 5n) text = BASE32.charAt(Number(bits & 31n)) + text;
  return prefix + text;
}

/** The account that stands in an access key id, or undefined when the id is of another kind. */
export function accountOfAccessKey(accessKeyId: string): string | undefined {
  if (!/^A[KS]IA[Q-Z2-7][A-Z2-7]{15}$/.test(accessKeyId)) return undefined;
  let bits = 0n;
  for (const letter of accessKeyId.slice(4)) bits = (bits << 5n) | BigInt(BASE32.indexOf(letter));
  const account = (bits >> NOISE_BITS) & ((1n << ACCOUNT_BITS) - 1n);
  return account < 10n ** 12n ? account.toString().padStart(12, "0") : undefined;
}

/** The id of a user, role, group or managed policy: the prefix and 17 random characters `A–Z2–7`. */
export function newPrincipalId(random: Random, prefix: PrincipalPrefix): string {
  return prefix + randomText(random, 17, BASE32);
}

/** The secret of an access key: 40 characters of the base64 alphabet, 240 random bits. */
export function newSecretAccessKey(random: Random): string {
  return randomText(random, 40, BASE64);
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const ACCOUNT_BITS = 40n;
const NOISE_BITS = 39n;
