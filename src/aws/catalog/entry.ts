import type { Protocol } from "../shapes.ts";
import type { CatalogService } from "./resolved-call.ts";
import type { RestRoute } from "./rest-route.ts";
import { parseRestLines } from "./rest-route.ts";
import type { TableService } from "./table.ts";

/** One service as the resolver works with it. Its operations are taken apart when first asked for. */
export class Entry {
  readonly service: CatalogService;
  readonly endpointPrefix: string;
  /** The model's favourite first. */
  readonly protocols: readonly Protocol[];
  /** The last component of what stands before the operation in `X-Amz-Target`; also the service's name in CBOR paths. */
  readonly target: string | undefined;
  readonly isRest: boolean;
  /** Whether its model has the query protocol, or EC2's own of that kind. */
  readonly isQuery: boolean;
  readonly #line: TableService;
  #names: ReadonlySet<string> | undefined;
  #routes: readonly RestRoute[] | undefined;

  constructor(line: TableService) {
    const { id, signingName, endpointPrefix = signingName, apiVersion, targetPrefix } = line;
    this.#line = line;
    this.service = {
      id,
      signingName,
      eventSource: `${line.eventSource ?? signingName}.amazonaws.com`,
      iamPrefix: line.iamPrefix ?? signingName,
      apiVersion,
    };
    this.endpointPrefix = endpointPrefix;
    this.protocols = line.protocols.split(" ") as readonly Protocol[];
    this.target = targetPrefix?.slice(targetPrefix.lastIndexOf(".") + 1);
    this.isRest = line.rest !== undefined;
    this.isQuery = this.protocols.includes("query") || this.protocols.includes("ec2");
  }

  /** The same operations, without some, under another signing name: as buckets have them that are not in S3 itself. */
  signedAs(signingName: string, without: readonly string[]): Entry {
    const { eventSource: _, iamPrefix: __, rest = [], ...line } = this.#line;
    const kept = rest.filter((text) => !without.some((operation) => text.startsWith(`${operation} `)));
    return new Entry({ ...line, signingName, endpointPrefix: this.endpointPrefix, rest: kept });
  }

  has(operation: string): boolean {
    this.#names ??= new Set(this.#line.operations?.split(" ") ?? this.routes().map(({ name }) => name));
    return this.#names.has(operation);
  }

  routes(): readonly RestRoute[] {
    this.#routes ??= parseRestLines(this, this.#line.rest ?? []);
    return this.#routes;
  }
}
