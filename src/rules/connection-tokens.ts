import { type Clock, Failure } from "../core/index.ts";
import type { GuardedHttp } from "../deliveries/index.ts";
import { type BuiltRequest, pairs } from "./api-destination-request.ts";
import type { Connection, OAuth } from "./connection.ts";

interface Held {
  /** The connection's time of change: others' tokens are of no use. */
  readonly version: number;
  readonly token: Promise<string>;
  /** Milliseconds since 1970, once the token is there. */
  endsAt: number;
}

/** A fetch serves all deliveries that wait for it, so that it has a bound of its own. */
const FETCH_MS_MAX = 10_000;

/** Told time before its end at which a token counts as ended: it must still arrive. */
const EARLY_MS = 30_000;

/** OAuth tokens of connections (client credentials), in memory until they end. */
export class ConnectionTokens {
  readonly #send: GuardedHttp;
  readonly #clock: Clock;
  readonly #held = new Map<string, Held>();

  constructor(send: GuardedHttp, clock: Clock) {
    this.#send = send;
    this.#clock = clock;
  }

  /** @throws {Failure} when the authorization endpoint gives none; what it said stays out: it may repeat the secret. */
  get({ arn, modifiedAt }: Connection, oauth: OAuth): Promise<string> {
    const known = this.#held.get(arn);
    if (known?.version === modifiedAt && this.#clock.now() < known.endsAt) return known.token;
    const held: Held = {
      version: modifiedAt,
      token: this.#fetch(oauth, (endsAt) => (held.endsAt = endsAt)),
      endsAt: Infinity,
    };
    held.token.catch(() => this.#forget(arn, held));
    this.#held.set(arn, held);
    return held.token;
  }

  /** The token was refused. Unless a new one is there already, the next `get` fetches one. */
  async refused({ arn }: Connection, token: string): Promise<void> {
    const held = this.#held.get(arn);
    if (held !== undefined && (await held.token.catch(() => undefined)) === token) this.#forget(arn, held);
  }

  #forget(arn: string, held: Held): void {
    if (this.#held.get(arn) === held) this.#held.delete(arn);
  }

  async #fetch(oauth: OAuth, ends: (at: number) => void): Promise<string> {
    const answer = await this.#send({ ...tokenRequest(oauth), signal: AbortSignal.timeout(FETCH_MS_MAX) });
    if (answer.status < 200 || answer.status > 299) {
      throw new Failure(`fetch an OAuth token: the authorization endpoint answered ${answer.status}`);
    }
    const { access_token: token, expires_in: seconds } = readToken(answer.body);
    if (typeof token !== "string" || !/^[\x21-\x7e]{1,16384}$/.test(token)) {
      throw new Failure("fetch an OAuth token: the answer has no access_token");
    }
    const lastsMs = Number(seconds) * 1000;
    // Without an end it serves until it is refused.
    ends(lastsMs > 0 ? this.#clock.now() + Math.max(lastsMs - EARLY_MS, lastsMs / 2) : Infinity);
    return token;
  }
}

function tokenRequest(oauth: OAuth): BuiltRequest {
  const {
    ClientParameters: client,
    AuthorizationEndpoint,
    HttpMethod: method,
    OAuthHttpParameters: parts = {},
  } = oauth;
  const url = new URL(AuthorizationEndpoint);
  for (const [key, value] of pairs(parts.QueryStringParameters)) url.searchParams.set(key, value);
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: client.ClientID,
    client_secret: client.ClientSecret,
  });
  for (const [key, value] of pairs(parts.BodyParameters)) form.set(key, value);
  const headers = Object.fromEntries([
    ["accept", "application/json"],
    ["content-type", "application/x-www-form-urlencoded; charset=utf-8"],
    ["user-agent", "Amazon/EventBridge/ApiDestinations"],
    ...pairs(parts.HeaderParameters).map(([key, value]) => [key.toLowerCase(), value]),
  ]) as Record<string, string>;
  if (method !== "GET") return { url: url.href, method, headers, body: form.toString() };
  for (const [key, value] of form) url.searchParams.set(key, value);
  return { url: url.href, method, headers };
}

function readToken(body: Uint8Array): { readonly access_token?: unknown; readonly expires_in?: unknown } {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(body).toString());
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    // An error of JSON.parse quotes the text, which may hold the token.
    throw new Failure("fetch an OAuth token: the answer is not JSON");
  }
}
