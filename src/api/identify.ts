import { headerValue, type Service, type SignedRequest, type WireRequest } from "../aws/index.ts";

/**
 * The service a request is meant for: what its signature's scope names, else what target, version, path or host name.
 * Unsigned requests get as far as this too, so that they are refused, and recorded, under the right name.
 */
export function identifyService<Served extends { readonly model: Service }>(
  served: readonly Served[],
  request: WireRequest,
  signed: SignedRequest | undefined,
): Served | undefined {
  if (signed !== undefined) return served.find(({ model }) => model.signingName === signed.service);
  const target = headerValue(request.headers, "x-amz-target");
  if (target !== undefined) {
    const prefix = target.slice(0, target.lastIndexOf("."));
    const short = prefix.slice(prefix.lastIndexOf(".") + 1);
    return served.find(({ model }) => model.targetPrefix?.split(".").at(-1) === short);
  }
  const version = formValue(request, "Version");
  if (version !== undefined) return served.find(({ model }) => model.apiVersion === version);
  const label = headerValue(request.headers, "host")?.split(".")[0];
  return served.find(({ model }) => model.endpointPrefix === label) ?? byPath(served, request);
}

/** What the request calls its operation, for the record of a call that could not be resolved; only if it looks like a name. */
export function claimedOperation(request: WireRequest): string | undefined {
  const target = headerValue(request.headers, "x-amz-target");
  const name =
    target !== undefined
      ? target.slice(target.lastIndexOf(".") + 1)
      : (RPC_PATH.exec(request.path)?.[1] ?? formValue(request, "Action"));
  return name !== undefined && /^[A-Za-z][A-Za-z0-9_]{0,127}$/.test(name) ? name : undefined;
}

/** Where the CBOR protocol names its operation. */
const RPC_PATH = /\/service\/[^/]+\/operation\/([^/]+)$/;

function byPath<Served extends { readonly model: Service }>(
  served: readonly Served[],
  request: WireRequest,
): Served | undefined {
  return served.find(({ model }) => {
    const operations = model.protocol.startsWith("rest-") ? [...model.operations.values()] : [];
    return operations.some((operation) => operation.http.uri.split("?")[0] === request.path && request.path !== "/");
  });
}

/** A parameter of a Query request, from the query string or a short form body; the form is not otherwise judged here. */
function formValue(request: WireRequest, name: string): string | undefined {
  const pattern = new RegExp(`(?:^|&)${name}=([^&]{0,200})(?:&|$)`);
  const inQuery = pattern.exec(request.query);
  if (inQuery !== null) return inQuery[1];
  if (!headerValue(request.headers, "content-type")?.startsWith("application/x-www-form-urlencoded")) return undefined;
  return pattern.exec(Buffer.from(request.body.subarray(0, 64 * 1024)).toString("latin1"))?.[1];
}
