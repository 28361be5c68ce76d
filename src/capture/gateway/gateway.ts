import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { type Catalog, type CatalogService, headerValue, type SigningCredentials } from "../../aws/index.ts";
import type { ByteBudget, Clock, Random, Refusal } from "../../core/index.ts";
import type { Authorizer, CredentialStore } from "../../identity/index.ts";
import type { CapturedHead } from "../call/captured.ts";
import { claimedKey } from "../enforce/index.ts";
import type { CallAudit } from "./audit-mode.ts";
import type { CallCounts } from "./call-counts.ts";
import type { TlsFacts } from "./forward-record.ts";
import { accountOfKey, ForwardedCall } from "./forwarded-call.ts";
import type { LearnedIdentities } from "../identities/learned-identities.ts";
import { passUnrecorded, upgradeConnection } from "./pass-through.ts";
import { chooseRoute, type Route, type RouteFacts } from "./routes.ts";
import type { Upstream } from "./upstream.ts";

/** A route with what it takes to use it. */
export interface OpenRoute {
  readonly route: Route;
  readonly upstream: Upstream;
  /** What `enforce` signs with. */
  readonly signing?: SigningCredentials;
}

export interface GatewayNeeds {
  readonly routes: readonly OpenRoute[];
  readonly catalog: Catalog;
  /** Signing names of the services that OpenTrail serves itself. */
  readonly ownServices: ReadonlySet<string>;
  readonly credentials: CredentialStore;
  readonly authorizer: Authorizer;
  readonly learned: LearnedIdentities;
  readonly audit: CallAudit;
  readonly counts: CallCounts;
  /** What all gathered request bodies may hold together. */
  readonly bodies: ByteBudget;
  readonly bucketHosts: readonly string[];
  readonly defaultAccount: string;
  readonly defaultRegion: string;
  /** How long a client may leave its answer unread. */
  readonly stalledMs: number;
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
  /** Whether the connection shall end with this answer. */
  readonly last: () => boolean;
  /** Set by whoever serves the request: to be called when what comes of its body turns out to be no HTTP. */
  broken?: (why: Refusal) => void;
}

/** The recording gateway: forwards what OpenTrail does not serve itself, and records every call. */
export class Gateway {
  readonly #needs: GatewayNeeds;
  readonly #routes: readonly Route[];

  constructor(needs: GatewayNeeds) {
    this.#needs = needs;
    this.#routes = needs.routes.map(({ route }) => route);
  }

  /** Where a request goes; undefined when it is for OpenTrail itself, or no route wants it. */
  destinationOf(head: CapturedHead): OpenRoute | undefined {
    const facts = this.#facts(head);
    const chosen = chooseRoute(this.#routes, facts);
    return chosen === undefined ? undefined : this.#needs.routes.find(({ route }) => route === chosen);
  }

  /** Forwards one request and answers it; resolves once the answer is given and its record kept. */
  async serve(destination: OpenRoute, arrival: Arrival, response: ServerResponse): Promise<void> {
    const { name, excludedPaths } = destination.route;
    const { counts } = this.#needs;
    if (excludedPaths.some(({ matches }) => matches(arrival.head.path))) {
      counts.excluded(name);
      return await passUnrecorded(destination.upstream, arrival, response);
    }
    counts.seen(name);
    await new ForwardedCall(this.#needs, destination, arrival, response).run(response);
  }

  /** Asks the upstream for the protocol that the client asks for, and lets both talk from there on. */
  async upgrade(destination: OpenRoute, arrival: Arrival, socket: Duplex, first: Buffer): Promise<void> {
    await upgradeConnection(this.#needs, destination, arrival, socket, first);
  }

  #facts(head: CapturedHead): RouteFacts {
    const { catalog, ownServices } = this.#needs;
    const claimed = claimedKey(head);
    const host = hostOf(head);
    const service = serviceOf(catalog, head, claimed?.signingName);
    const services = [claimed?.signingName, service?.signingName, service?.id].filter((name) => name !== undefined);
    return {
      services,
      region: claimed?.region,
      account: accountOfKey(claimed?.accessKeyId),
      host,
      path: head.path,
      own: services.some((name) => ownServices.has(name)),
    };
  }
}

/** The host that the client called, in lower case and without its port. */
function hostOf({ headers }: CapturedHead): string {
  return (headerValue(headers, "host") ?? "").toLowerCase().replace(/:\d+$/, "");
}

/**
 * The service that the head alone tells. Forms without a signature tell theirs in the body; the only such that AWS has
 * are the calls by which one gets credentials.
 */
function serviceOf(catalog: Catalog, head: CapturedHead, signingName: string | undefined): CatalogService | undefined {
  const request = { ...head, body: new Uint8Array() };
  const hints = signingName === undefined ? {} : { signingName };
  const { service } = catalog.resolve(request, hints);
  if (signingName !== undefined) return service;
  const form = headerValue(head.headers, "content-type")?.startsWith("application/x-www-form-urlencoded") === true;
  return form && head.method === "POST" && head.path === "/" ? catalog.service("sts") : service;
}
