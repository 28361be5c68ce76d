import type { UserIdentity } from "../../record/index.ts";

/** A key, with the hash of the session token that it needs. */
export interface KeyPlace {
  readonly realm: string;
  readonly accessKeyId: string;
  /** Empty for keys without a token. */
  readonly tokenHash: string;
}

/** What is known of a key. */
export interface LearnedKey {
  /** Undefined when it is not known whose it is, or when it is two holders'. */
  readonly identity?: UserIdentity;
  readonly account?: string;
  readonly userName?: string;
  /** Milliseconds since 1970. */
  readonly expiresAt?: number;
}

/** What is kept in memory: every call asks for its key, and nearly always for one of a few. */
export const KEPT_KEYS: { readonly count: number; readonly characters: number } = {
  count: 20_000,
  characters: 16 * 1024 * 1024,
};

interface Kept {
  /** Undefined: the tables do not have it. */
  readonly key: LearnedKey | undefined;
  readonly characters: number;
}

/** The keys asked for last, within a bound of count and of size; also those that are known to be unknown. */
export class KeptKeys {
  readonly #bounds: typeof KEPT_KEYS;
  readonly #kept = new Map<string, Kept>();
  #characters = 0;
  #changes = 0;

  constructor(bounds: typeof KEPT_KEYS = KEPT_KEYS) {
    this.#bounds = bounds;
  }

  /** Grows with every change: what was read before one must not be remembered after it. */
  get changes(): number {
    return this.#changes;
  }

  get size(): number {
    return this.#kept.size;
  }

  get(name: string): Kept | undefined {
    const found = this.#kept.get(name);
    if (found === undefined) return undefined;
    this.#kept.delete(name);
    this.#kept.set(name, found);
    return found;
  }

  remember(name: string, key: LearnedKey | undefined): void {
    this.#forget(name);
    const characters = name.length + (key === undefined ? 0 : JSON.stringify(key).length);
    this.#kept.set(name, { key, characters });
    this.#characters += characters;
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#bounds.count && this.#characters <= this.#bounds.characters) break;
      this.#forget(oldest);
    }
  }

  /** Remembers what is being written. */
  change(name: string, key: LearnedKey): void {
    this.#changes++;
    this.remember(name, key);
  }

  clear(): void {
    this.#changes++;
    this.#kept.clear();
    this.#characters = 0;
  }

  #forget(name: string): void {
    this.#characters -= this.#kept.get(name)?.characters ?? 0;
    this.#kept.delete(name);
  }
}

/** No part can hold a line feed. */
export function keyName({ realm, accessKeyId, tokenHash }: KeyPlace): string {
  return `${realm}\n${accessKeyId}\n${tokenHash}`;
}
