import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import {
  type Catalog,
  headerValue,
  type ResolvedCall,
  type ResolveHints,
  type SigningCredentials,
  type WireResponse,
} from "../../aws/index.ts";
import type { ByteBudget, Clock, Random, Refusal } from "../../core/index.ts";
import type { Authorizer, CredentialStore } from "../../identity/index.ts";
import type { CapturedHead } from "../call/captured.ts";
import { type ClaimedKey, claimedKey } from "../enforce/index.ts";
import type { CallAudit } from "./audit-mode.ts";
import type { CallCounts } from "./call-counts.ts";
import { accountOfKey } from "./call-identity.ts";
import type { TlsFacts } from "./forward-record.ts";
import { ForwardedCall } from "./forwarded-call.ts";
import { isForOwnBuckets, OWN_BUCKETS, type OwnBuckets } from "./own-buckets.ts";
import type { LearnedIdentities } from "../identities/learned-identities.ts";
import { type PassingCall, passThrough } from "./pass-through.ts";
import { chooseRoute, type Route, type RouteFacts } from "./routes.ts";
import { UnrecordedCall } from "./unrecorded-call.ts";
import { upgradeConnection } from "./upgrade-connection.ts";
import type { Upstream } from "./upstream.ts";

/** A route with what it takes to use it. */
export interface OpenRoute {
  readonly route: Route;
  readonly upstream: Upstream;
  /** What `enforce` signs with. */
  readonly signing?: SigningCredentials;
  /** Present when the upstream is our own buckets. */
  readonly own?: OwnBuckets;
}

export interface GatewayNeeds {
  readonly routes: readonly OpenRoute[];
  readonly catalog: Catalog;
  /** Signing names of the services that OpenTrail serves itself. */
  readonly ownServices: ReadonlySet<string>;
  /** Whether an unsigned request follows a link that OpenTrail gave out. */
  readonly isOwnLink?: (head: CapturedHead) => boolean;
  readonly ownBuckets?: OwnBuckets;
  readonly credentials: CredentialStore;
  readonly authorizer: Authorizer;
  readonly learned: LearnedIdentities;
  readonly audit: CallAudit;
  readonly counts: CallCounts;
  /** What all gathered request bodies may hold together. */
  readonly bodies: ByteBudget;
  readonly bucketHosts: readonly string[];
  /** OpenTrail's own; the first is the default. */
  readonly accounts: readonly [string, ...string[]];
  readonly defaultRegion: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: GatewayLog;
}

export interface GatewayLog {
  warn(facts: Readonly<Record<string, unknown>>, message: string): void;
  error(facts: Readonly<Record<string, unknown>>, message: string): void;
}

/** A request as the listener hands it over, its body not yet read. */
export interface Arrival {
  readonly request: IncomingMessage;
  readonly head: CapturedHead;
  readonly sourceIp: string;
  readonly tls?: TlsFacts;
  /** The client waits for `100 Continue` before it sends its body. */
  readonly expectsContinue: boolean;
  /** Tells it so. */
  readonly continue: () => void;
  /** Whether the connection shall end with this answer. */
  readonly last: () => boolean;
  /** Aborted when the server stops and waits no more. */
  readonly stopped: AbortSignal;
  /** Set by whoever serves the request: to be called when what comes of its body turns out to be no HTTP. */
  broken?: (why: Refusal) => void;
}

/** Where a request goes, and what was found out about it on the way to that. */
export interface Destination {
  readonly open: OpenRoute;
  readonly claimed: ClaimedKey | undefined;
  readonly hints: ResolveHints;
  /** As far as the head alone tells. */
  readonly resolved: ResolvedCall;
}

/** The recording gateway: forwards what OpenTrail does not serve itself, and records every call. */
export class Gateway {
  readonly #needs: GatewayNeeds;
  readonly #routes: readonly Route[];
  readonly #ownBuckets: OpenRoute | undefined;

  constructor(needs: GatewayNeeds) {
    this.#needs = needs;
    const own = needs.ownBuckets;
    this.#ownBuckets = own && { route: OWN_BUCKETS, upstream: own.upstream, own };
    this.#routes = needs.routes.map(({ route }) => route);
  }

  /** Where a request goes; undefined when it is for OpenTrail itself, or no route wants it. */
  destinationOf(head: CapturedHead): Destination | undefined {
    const { catalog, routes, bucketHosts } = this.#needs;
    const own = this.#ownBuckets;
    if (routes.length === 0 && own === undefined) return undefined;
    if (this.#needs.isOwnLink?.(head) === true) return undefined;
    const claimed = claimedKey(head);
    const signingName = claimed?.signingName;
    // Without routes only S3's calls can be for anybody but our own APIs.
    if (routes.length === 0 && signingName !== undefined && signingName !== "s3") return undefined;
    const named: ResolveHints = signingName === undefined ? {} : { signingName };
    const resolved = catalog.resolve({ ...head, body: NOTHING }, named);
    const chosen = chooseRoute(this.#routes, this.#facts(head, claimed, resolved));
    const request = { head, claimed, resolved, routed: chosen !== undefined, bucketHosts };
    if (own?.own !== undefined && isForOwnBuckets(own.own, request)) {
      const hints = { signingName: "s3" };
      const asked = signingName === "s3" ? resolved : catalog.resolve({ ...head, body: NOTHING }, hints);
      return { open: own, claimed, hints, resolved: asked };
    }
    const open = routes.find(({ route }) => route === chosen);
    if (open === undefined) return undefined;
    const { defaultService } = open.route;
    if (signingName !== undefined || defaultService === undefined) return { open, claimed, hints: named, resolved };
    const hints = { fallback: defaultService };
    return { open, claimed, hints, resolved: catalog.resolve({ ...head, body: NOTHING }, hints) };
  }

  /** Whether a request that asks for another protocol could get it: our own buckets, as S3, look away from the wish. */
  mayUpgrade(head: CapturedHead): boolean {
    const destination = this.destinationOf(head);
    return destination !== undefined && destination.open.own === undefined;
  }

  /**
   * Forwards one request and passes its answer on; resolves once all of it is given and its record kept. Resolves with an
   * answer of ours when that is what the client must get; nothing was answered then.
   */
  async serve(destination: Destination, arrival: Arrival, response: ServerResponse): Promise<WireResponse | undefined> {
    return await passThrough(this.#call(destination, arrival), destination.open.upstream, arrival, response);
  }

  /**
   * Asks the upstream for the protocol that the client asks for, and lets both talk from there on. Resolves when they have
   * ended, or with the last bytes that the client is to get.
   */
  async upgrade(
    destination: Destination,
    arrival: Arrival,
    socket: Duplex,
    first: Buffer,
  ): Promise<Uint8Array | undefined> {
    return await upgradeConnection(this.#call(destination, arrival), destination.open.upstream, socket, first);
  }

  #call(destination: Destination, arrival: Arrival): PassingCall {
    const { name, excludedPaths } = destination.open.route;
    const { counts } = this.#needs;
    if (excludedPaths.some(({ matches }) => matches(arrival.head.path))) {
      counts.excluded(name);
      return new UnrecordedCall(arrival);
    }
    counts.seen(name);
    return new ForwardedCall(this.#needs, destination, arrival);
  }

  #facts(head: CapturedHead, claimed: ClaimedKey | undefined, resolved: ResolvedCall): RouteFacts {
    const { ownServices } = this.#needs;
    const named = [claimed?.signingName, resolved.service?.signingName, resolved.service?.id];
    const known = named.filter((name) => name !== undefined);
    const services = known.length === 0 ? likelyServices(head) : known;
    return {
      services,
      region: claimed?.region,
      account: accountOfKey(claimed?.accessKeyId),
      host: hostOf(head),
      path: head.path,
      own: known.some((name) => ownServices.has(name)),
    };
  }
}

const NOTHING = new Uint8Array();

/** The host that the client called, in lower case and without its port. */
function hostOf({ headers }: CapturedHead): string {
  return (headerValue(headers, "host") ?? "").toLowerCase().replace(/:\d+$/, "");
}

/**
 * Forms without a signature tell their service in the body; the only such that AWS has are the calls by which one gets
 * credentials.
 */
function likelyServices(head: CapturedHead): readonly string[] {
  const form = headerValue(head.headers, "content-type")?.startsWith("application/x-www-form-urlencoded") === true;
  return form && head.method === "POST" && head.path === "/" ? ["sts"] : [];
}
