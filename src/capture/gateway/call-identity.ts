import type { ResolvedCall } from "../../aws/index.ts";
import { assert, Refusal } from "../../core/index.ts";
import { unknownIdentity, userIdentity } from "../../identity/index.ts";
import type { UserIdentity } from "../../record/index.ts";
import type { CapturedBody, CapturedHead } from "../call/captured.ts";
import { type ClaimedKey, needsWholeBody, type Proof, proveCaller } from "../enforce/index.ts";
import type { GatewayNeeds } from "./gateway.ts";
import { identityOfArn } from "./learned-identities.ts";
import type { Route } from "./routes.ts";
import { anonymousIdentity, REFUSED_IDENTITY } from "./supposed-identity.ts";

/** A signed request, as far as who signed it is concerned. */
interface SignedCall {
  readonly head: CapturedHead;
  readonly claimed: ClaimedKey | undefined;
  /** Milliseconds since 1970. */
  readonly arrivedAt: number;
}

type IdentityNeeds = Pick<GatewayNeeds, "credentials" | "learned" | "defaultAccount" | "defaultRegion">;

/** Who makes a call, where: as much as can be told at each of its steps. */
export class CallIdentity {
  readonly #needs: IdentityNeeds;
  readonly #route: Route;
  readonly #call: SignedCall;
  #proof: Proof | undefined;
  /** Learned or configured, proven by the upstream's taking the call. */
  #supposed: UserIdentity | undefined;

  constructor(needs: IdentityNeeds, route: Route, call: SignedCall) {
    this.#needs = needs;
    this.#route = route;
    this.#call = call;
  }

  /**
   * Looks the key up; one of our own must have made the signature. Where the upstream judges, a wrong one only leaves open
   * who calls.
   * @throws {Refusal} as `proveCaller()`, when `enforces`.
   * @throws {Failure} when keys cannot be looked up.
   */
  async find(body: CapturedBody | undefined, enforces: boolean): Promise<void> {
    const { credentials, learned } = this.#needs;
    const { head, claimed, arrivedAt } = this.#call;
    const key = claimed?.accessKeyId;
    if (enforces || (key !== undefined && credentials.mayKnow(key) && (body !== undefined || !needsWholeBody(head)))) {
      await this.#prove(body, enforces);
    }
    if (key === undefined || this.#proof !== undefined) return;
    const arn = this.#route.identities.get(key);
    this.#supposed = arn === undefined ? await learned.find(key, arrivedAt) : identityOfArn(arn, key);
  }

  /** Whether looking again, with the body at hand, could tell more. */
  get open(): boolean {
    return this.#proof === undefined && this.#supposed === undefined;
  }

  get proof(): Proof | undefined {
    return this.#proof;
  }

  get proven(): Proof {
    assert(this.#proof !== undefined, "a route that enforces goes on only with a proof");
    return this.#proof;
  }

  get account(): string {
    return (
      this.#route.account ??
      this.#proof?.caller.account ??
      this.#supposed?.accountId ??
      accountOfKey(this.#call.claimed?.accessKeyId) ??
      this.#needs.defaultAccount
    );
  }

  get region(): string {
    const claimed = this.#call.claimed?.region;
    if (claimed !== undefined && /^[a-z0-9-]{1,32}$/.test(claimed)) return claimed;
    return this.#route.region ?? this.#needs.defaultRegion;
  }

  /** Before the upstream has said anything. */
  get early(): UserIdentity {
    return this.#proof === undefined
      ? unknownIdentity(this.#call.claimed?.accessKeyId)
      : userIdentity(this.#proof.caller);
  }

  /** The upstream has said whose key it is by taking the call; or, with that error, it has not. */
  answered(resolved: ResolvedCall, errorCode: string | undefined): UserIdentity {
    if (this.#proof !== undefined) return userIdentity(this.#proof.caller);
    const key = this.#call.claimed?.accessKeyId;
    if (key === undefined) return anonymousIdentity(resolved);
    const refused = errorCode !== undefined && REFUSED_IDENTITY.has(errorCode.replace(/^Client\./, ""));
    return this.#supposed === undefined || refused ? unknownIdentity(key) : this.#supposed;
  }

  /** The account whose record it is, given who made the call. */
  recipient({ accountId }: UserIdentity): string {
    return accountId !== undefined && isAccount(accountId) ? accountId : this.account;
  }

  async #prove(body: CapturedBody | undefined, enforces: boolean): Promise<void> {
    const { head, arrivedAt } = this.#call;
    try {
      this.#proof = await proveCaller({ credentials: this.#needs.credentials }, { head, body, now: arrivedAt });
    } catch (thrown) {
      if (enforces || !(thrown instanceof Refusal)) throw thrown;
    }
  }
}

/** Emulators take an account id for an access key. */
export function accountOfKey(accessKeyId: string | undefined): string | undefined {
  return accessKeyId !== undefined && isAccount(accessKeyId) ? accessKeyId : undefined;
}

function isAccount(text: string): boolean {
  return /^\d{12}$/.test(text);
}
