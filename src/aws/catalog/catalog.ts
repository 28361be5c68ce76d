import type { WireRequest } from "../http.ts";
import type { OperationModel, Service } from "../shapes.ts";
import { Directory } from "./directory.ts";
import { Models } from "./models.ts";
import type { CatalogService, ResolvedCall } from "./resolved-call.ts";
import type { ResolveHints } from "./resolver.ts";
import { Resolver } from "./resolver.ts";

/** Every service of AWS: what a request asks for, and the model by which its messages are understood. */
export interface Catalog {
  /** What a request asks for. Never throws; the body may be empty or only the beginning of the body. */
  resolve(request: WireRequest, hints: ResolveHints): ResolvedCall;
  /** True when the operation may stand in the body: forms of the query and ec2 protocols, and S3's POST forms. */
  needsBody(request: WireRequest, hints: ResolveHints): boolean;
  /** The compiled model of a service by its id, or undefined when there is no such service. */
  model(id: string): Service | undefined;
  /** The model of the operation that a call asks for, or undefined when it is unknown. */
  operation(call: ResolvedCall): OperationModel | undefined;
  service(id: string): CatalogService | undefined;
  services(): readonly CatalogService[];
}

export interface CatalogOptions {
  /** Base names of virtual-host buckets, without port: `s3.example.org` for `bucket.s3.example.org`. */
  readonly bucketHosts?: readonly string[];
}

/** Opens the catalog; what is on disk is read when first needed. */
export function openCatalog({ bucketHosts = [] }: CatalogOptions = {}): Catalog {
  let directory: Directory | undefined;
  let resolver: Resolver | undefined;
  const models = new Models();
  const theDirectory = (): Directory => (directory ??= new Directory());
  const theResolver = (): Resolver =>
    (resolver ??= new Resolver(
      theDirectory(),
      bucketHosts.map((host) => host.toLowerCase()),
    ));
  const catalog: Catalog = {
    resolve: (request, hints) => theResolver().resolve(request, hints),
    needsBody: (request, hints) => theResolver().needsBody(request, hints),
    model: (id) => (theDirectory().byId(id) === undefined ? undefined : models.get(id)),
    operation: ({ service, operation }) =>
      service === undefined || operation === undefined ? undefined : models.get(service.id).operations.get(operation),
    service: (id) => theDirectory().byId(id)?.service,
    services: () => theDirectory().services,
  };
  return catalog;
}
