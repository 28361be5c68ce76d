import { Entry } from "./entry.ts";
import { Group } from "./group.ts";
import type { CatalogService } from "./resolved-call.ts";
import { readTable } from "./table.ts";

/**
 * Signing names under which S3's operations are called elsewhere, and which of them are not: directory buckets (who lists
 * them cannot mean S3's own), Outposts, Object Lambda.
 */
const S3_ELSEWHERE: readonly (readonly [signingName: string, without: readonly string[]])[] = [
  ["s3express", ["ListBuckets"]],
  ["s3-outposts", []],
  ["s3-object-lambda", []],
];

/** What botocore's endpoint rules sign with in place of the model's signing name. */
const ALSO_SIGNED: ReadonlyMap<string, string> = new Map([["IngestionService", "importexport"]]);

/** All services, by the names under which requests mean them. */
export class Directory {
  readonly services: readonly CatalogService[];
  readonly entries: readonly Entry[];
  readonly #byId: ReadonlyMap<string, Entry>;
  readonly #bySigningName: ReadonlyMap<string, Group>;
  readonly #byEndpointPrefix: ReadonlyMap<string, Entry>;
  readonly #alone = new Map<Entry, Group>();
  #byTarget: ReadonlyMap<string, readonly Entry[]> | undefined;

  constructor() {
    this.entries = readTable().map((line) => new Entry(line));
    this.services = this.entries.map(({ service }) => service);
    this.#byId = new Map(this.entries.map((entry) => [entry.service.id, entry]));
    this.#byEndpointPrefix = new Map(this.entries.map((entry) => [entry.endpointPrefix, entry]));
    const groups = Map.groupBy([...this.entries, ...this.#s3Elsewhere()], ({ service }) => service.signingName);
    this.#bySigningName = new Map([...groups].map(([name, entries]) => [name, new Group(entries)]));
  }

  #s3Elsewhere(): readonly Entry[] {
    const served = this.entries.filter(({ service: { id } }) => id === "s3" || id === "s3control");
    return S3_ELSEWHERE.flatMap(([signingName, without]) =>
      served.map((entry) => entry.signedAs(signingName, without)),
    );
  }

  byId(id: string): Entry | undefined {
    return this.#byId.get(id);
  }

  /** By what stands in the scope of a signature; old clients sign with the name of the endpoint. */
  bySigningName(name: string): Group | undefined {
    const known = this.#bySigningName.get(name);
    return known ?? this.#groupOf(this.#byEndpointPrefix.get(name) ?? this.#byId.get(ALSO_SIGNED.get(name) ?? name));
  }

  #groupOf(entry: Entry | undefined): Group | undefined {
    return entry === undefined ? undefined : this.#bySigningName.get(entry.service.signingName);
  }

  /** By a service's id or a signing name. Of an id that is not a signing name, only this one service. */
  byName(name: string): Group | undefined {
    const entry = this.#byId.get(name);
    return entry === undefined || entry.service.signingName === name ? this.bySigningName(name) : this.alone(entry);
  }

  /** One service without those that share its signing name. */
  alone(entry: Entry): Group {
    const group = this.#alone.get(entry) ?? new Group([entry]);
    this.#alone.set(entry, group);
    return group;
  }

  /** By what stands in the name of an endpoint of AWS: `sts` in `sts.us-east-1.amazonaws.com`. */
  byHostLabels(labels: readonly string[]): Group | undefined {
    for (let count = Math.min(labels.length, 3); count > 0; count -= 1) {
      const group = this.#groupOf(this.#byEndpointPrefix.get(labels.slice(0, count).join(".")));
      if (group !== undefined) return group;
    }
    return undefined;
  }

  /** By the last component of what stands before the operation in `X-Amz-Target`. */
  byTarget(target: string): Group | undefined {
    this.#byTarget ??= Map.groupBy(this.entries, (entry) => entry.target ?? "");
    return target === "" ? undefined : this.#groupOf(this.#byTarget.get(target)?.[0]);
  }

  /** By an action of the query protocols. Of several services that have it, none. */
  byAction(action: string, version: string | undefined): Group | undefined {
    const groups = this.entries
      .filter(
        (entry) =>
          entry.isQuery && (version === undefined || version === entry.service.apiVersion) && entry.has(action),
      )
      .map((entry) => this.#groupOf(entry));
    return new Set(groups).size === 1 ? groups[0] : undefined;
  }
}
