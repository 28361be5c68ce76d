import type { Entry } from "./entry.ts";
import { RestIndex } from "./rest-index.ts";

/** The services that share a signing name: nothing else in a signed request must say which of them is meant. */
export class Group {
  /** First the one to take when nothing tells them apart. */
  readonly entries: readonly Entry[];
  readonly isRest: boolean;
  readonly #atHost = new Map<string, Group>();
  #rest: RestIndex | undefined;

  constructor(entries: readonly Entry[]) {
    this.entries = entries.toSorted(byPrecedence);
    this.isRest = entries.some((entry) => entry.isRest);
  }

  /** The operations of those of them that speak a REST protocol. */
  get rest(): RestIndex {
    this.#rest ??= new RestIndex(this.entries);
    return this.#rest;
  }

  /** Those of them whose endpoint's name stands in the host's, if that says anything: `models-v2-lex.us-east-1.…`. */
  atHost(host: string): Group | undefined {
    if (this.entries.length < 2 || !host.includes(".")) return undefined;
    let longest = "";
    for (const { endpointPrefix } of this.entries) {
      if (endpointPrefix.length > longest.length && `.${host}.`.includes(`.${endpointPrefix}.`))
        longest = endpointPrefix;
    }
    return longest === "" ? undefined : this.#withPrefix(longest);
  }

  #withPrefix(endpointPrefix: string): Group | undefined {
    const known = this.#atHost.get(endpointPrefix);
    if (known !== undefined) return known;
    const entries = this.entries.filter((entry) => entry.endpointPrefix === endpointPrefix);
    const group = entries.length === this.entries.length ? this : new Group(entries);
    this.#atHost.set(endpointPrefix, group);
    return group;
  }
}

/** The service that has the signing name as its own name, then newer ones (opensearch before es). */
function byPrecedence({ service: one }: Entry, { service: other }: Entry): number {
  const own = Number(other.id === other.signingName) - Number(one.id === one.signingName);
  return own || (one.apiVersion < other.apiVersion ? 1 : one.apiVersion > other.apiVersion ? -1 : 0);
}
