import { pathWithBucket, type ResolvedCall } from "../../aws/index.ts";
import { assert, Refusal } from "../../core/index.ts";
import { unknownIdentity, userIdentity } from "../../identity/index.ts";
import type { UserIdentity } from "../../record/index.ts";
import type { CapturedBody, CapturedHead } from "../call/captured.ts";
import type { RequestDescription, ResponseDescription } from "../call/description.ts";
import { type ClaimedKey, needsWholeBody, type Proof, proveCaller } from "../enforce/index.ts";
import { identityOfArn } from "../identities/identity-of-arn.ts";
import { namesOneKey, type ShownKey, shownKey } from "../identities/shown-key.ts";
import { tookCaller } from "../identities/took-caller.ts";
import { ANONYMOUS, unsignedIdentity } from "../identities/unsigned-identity.ts";
import type { RelayedAnswer } from "./answer-relay.ts";
import { NO_BODY } from "./body-capture.ts";
import type { GatewayNeeds } from "./gateway.ts";
import { OWN_BUCKETS } from "./own-buckets.ts";
import type { Route } from "./routes.ts";

/** A signed request, as far as who signed it is concerned. */
interface SignedCall {
  readonly head: CapturedHead;
  readonly claimed: ClaimedKey | undefined;
  /** Milliseconds since 1970. */
  readonly arrivedAt: number;
}

/** A call that has ended, as far as it tells who made it. */
export interface AnsweredCall {
  readonly resolved: ResolvedCall;
  readonly body: CapturedBody | undefined;
  readonly request: RequestDescription;
  readonly answer: RelayedAnswer;
  readonly response: ResponseDescription | undefined;
}

type IdentityNeeds = Pick<
  GatewayNeeds,
  "credentials" | "learned" | "accounts" | "defaultRegion" | "clock" | "bucketHosts"
>;

/** Who makes a call, where: as much as can be told at each of its steps. */
export class CallIdentity {
  readonly #needs: IdentityNeeds;
  readonly #route: Route;
  readonly #call: SignedCall;
  readonly #shown: ShownKey | undefined;
  #proof: Proof | undefined;
  /** Learned or configured, proven by the upstream's taking the call. */
  #supposed: UserIdentity | undefined;

  constructor(needs: IdentityNeeds, route: Route, call: SignedCall) {
    this.#needs = needs;
    this.#route = route;
    this.#call = call;
    this.#shown = call.claimed && shownKey(call.claimed.accessKeyId, call.head);
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
    if (this.#shown === undefined || key === undefined || this.#proof !== undefined) return;
    const arn = this.#route.identities.get(key);
    this.#supposed =
      arn === undefined
        ? await learned.find(this.#route.realm, this.#shown, arrivedAt)
        : identityOfArn(arn, { accessKeyId: key });
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

  /** The account in which the call is made, and what it speaks of is. */
  get account(): string {
    const known = this.#proof?.caller.account ?? this.#supposed?.accountId ?? this.#call.claimed?.accessKeyId;
    return this.#route.account ?? (known !== undefined && isAccount(known) ? known : this.#needs.accounts[0]);
  }

  get region(): string {
    const claimed = this.#call.claimed?.region;
    if (claimed !== undefined && /^[a-z0-9-]{1,32}$/.test(claimed)) return claimed;
    return this.#route.region ?? this.#needs.defaultRegion;
  }

  /** Before the upstream has said anything. */
  get early(): UserIdentity {
    if (this.#call.claimed === undefined && this.#route === OWN_BUCKETS) return ANONYMOUS;
    return this.#proof === undefined
      ? unknownIdentity(this.#call.claimed?.accessKeyId)
      : userIdentity(this.#proof.caller);
  }

  /** The upstream has said whose key it is by taking the call; or it has not. */
  answered({ resolved, body, answer, response }: AnsweredCall): UserIdentity {
    if (this.#proof !== undefined) return userIdentity(this.#proof.caller);
    const key = this.#call.claimed?.accessKeyId;
    if (key === undefined) return unsignedIdentity(resolved, response?.output);
    const { head } = answer;
    const taken = head !== undefined && tookCaller({ ...head, ...response, hasBody: answer.body.size > 0 });
    const certain = taken && namesOneKey(this.#call.head, body?.bytes ?? NO_BODY.bytes);
    return this.#supposed === undefined || !certain ? unknownIdentity(key) : this.#supposed;
  }

  /**
   * Takes from a call that succeeded whose keys it tells, before the client can use them.
   * @throws {Failure} when that cannot be kept.
   */
  async learn({ resolved, request, answer, response }: AnsweredCall, identity: UserIdentity): Promise<void> {
    const { realm, account, learns } = this.#route;
    if (!learns || answer.head === undefined || response?.output === undefined) return;
    if (response.errorCode !== undefined) return;
    await this.#needs.learned.learn({
      resolved,
      head: this.#call.head,
      answerHeaders: answer.head.headers,
      input: request.input ?? {},
      output: response.output,
      shown: this.#shown,
      identity,
      proven: this.#proof !== undefined,
      realm,
      account,
      now: this.#needs.clock.now(),
    });
  }

  /** The account whose record it is: one of OpenTrail's own, so that somebody can look it up. */
  recipient({ accountId = "" }: UserIdentity): string {
    const { accounts } = this.#needs;
    if (this.#proof !== undefined) return this.#proof.caller.account;
    return this.#route.account ?? (accounts.includes(accountId) ? accountId : accounts[0]);
  }

  async #prove(body: CapturedBody | undefined, enforces: boolean): Promise<void> {
    const { head, arrivedAt } = this.#call;
    const { credentials, bucketHosts } = this.#needs;
    const isOwn = this.#route === OWN_BUCKETS;
    const own = isOwn ? { bucketPath: pathWithBucket(head, bucketHosts), region: this.region } : {};
    try {
      this.#proof = await proveCaller({ credentials }, { head, body, now: arrivedAt, ...own });
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
