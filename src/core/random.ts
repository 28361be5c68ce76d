import { randomBytes, randomUUID } from "node:crypto";

/** The only source of randomness and ids; tests pass a predictable one. */
export interface Random {
  bytes(count: number): Uint8Array;
  /** A version 4 UUID in lower case. */
  uuid(): string;
}

export const systemRandom: Random = {
  bytes: (count) => randomBytes(count),
  uuid: () => randomUUID(),
};

/** `length` characters of `alphabet`, each equally likely. */
export function randomText(random: Random, length: number, alphabet: string): string {
  // Bytes at or above the largest multiple of the alphabet are thrown away: a modulo alone would favour the first letters.
  const limit = 256 - (256 % alphabet.length);
  let text = "";
  while (text.length < length) {
    for (const byte of random.bytes(length - text.length)) {
      if (byte < limit) text += alphabet[byte % alphabet.length];
    }
  }
  return text;
}
