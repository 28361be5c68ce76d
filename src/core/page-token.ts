import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";

/**
 * Pagination tokens that only this installation can make: `base64url(position) . base64url(HMAC)`.
 *
 * The tag covers the query's identity too, so a token used with other parameters, made up, or cut is told apart from a
 * good one, and a caller can learn nothing by editing it.
 */
export class PageTokens {
  readonly #key: KeyObject;

  constructor(key: Uint8Array) {
    this.#key = createSecretKey(key);
  }

  /** `query` is everything that must be equal on the next call; `position` is what the next page needs. */
  seal(query: unknown, position: unknown): string {
    const body = Buffer.from(JSON.stringify(position)).toString("base64url");
    return `${body}.${this.#tag(query, body).toString("base64url")}`;
  }

  /** The position inside, or undefined when the token is not ours or belongs to another query. */
  open(query: unknown, token: string): unknown {
    const [body, tag, ...rest] = token.split(".");
    if (!body || !tag || rest.length > 0) return undefined;
    const expected = this.#tag(query, body);
    const given = Buffer.from(tag, "base64url");
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    return JSON.parse(Buffer.from(body, "base64url").toString());
  }

  #tag(query: unknown, body: string): Buffer {
    return createHmac("sha256", this.#key)
      .update(JSON.stringify(query))
      .update("\n")
      .update(body)
      .digest()
      .subarray(0, 16);
  }
}
