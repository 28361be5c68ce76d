/** S3 and the services beside it, whose requests have no sign of their operation but method, address, query and headers. */
import type { WireRequest } from "../http.ts";
import { knownCall, plainProtocol, unknownCall } from "./answers.ts";
import type { Entry } from "./entry.ts";
import type { Group } from "./group.ts";
import { isRemark, viewQuery } from "./query-view.ts";
import type { ResolvedCall } from "./resolved-call.ts";
import { RestIndex } from "./rest-index.ts";
import { contentType } from "./rpc-name.ts";
import { hostName, pathWithBucket } from "./s3-address.ts";

interface Part {
  readonly entry: Entry;
  readonly index: RestIndex;
}

/** What the model of S3 does not have, by CloudTrail's name. */
const POST_OBJECT = "PostObject";
/** A browser's question before it calls another site: CloudTrail knows it by the name that S3's access logs have. */
const PREFLIGHT = "PreflightRequest";

/** Of these every request of s3control has one, except the one that makes a bucket. */
const CONTROL_HEADERS = ["x-amz-account-id", "x-amz-outpost-id"] as const;
const CONTROL_CREATE_BUCKET = /^\/v20180820\/bucket\/[^/]+$/;
/** The only request without a bucket that has something before its host: a token that says whose answer it is. */
const ROUTED = "/WriteGetObjectResponse";

export class S3Resolver {
  readonly #objects: Part;
  readonly #control: Part | undefined;
  readonly #outposts: Part | undefined;
  readonly #bases: readonly string[];

  constructor(objects: Entry, { entries }: Group, bases: readonly string[]) {
    this.#objects = partOf(objects);
    this.#control = partNamed(entries, "s3control");
    this.#outposts = partNamed(entries, "s3outposts");
    this.#bases = bases;
  }

  resolve(request: WireRequest): ResolvedCall {
    const query = viewQuery(request.query);
    const { method, headers } = request;
    const beside = this.#beside(request);
    const { entry, index } = beside ?? this.#objects;
    const isWhole = beside !== undefined || (request.path === ROUTED && headers["x-amz-request-route"] !== undefined);
    const path = isWhole ? request.path : pathWithBucket(request, this.#bases);
    const route = index.find({ method, path, query, headers });
    // Outposts speak JSON.
    if (route !== undefined) return knownCall(entry, route.name, plainProtocol(entry, request));
    if (beside !== undefined) return unknownCall(entry, undefined, plainProtocol(entry, request));
    if (method === "OPTIONS") return unknownCall(entry, PREFLIGHT, "rest-xml");
    const isForm = isPostForm(request) && isBucket(path) && [...query.keys()].every(isRemark);
    return unknownCall(entry, isForm ? POST_OBJECT : undefined, "rest-xml");
  }

  /**
   * The services that share S3's signing name have paths that could be buckets' (`/v20180820/…`): a request means them only
   * if it also has the host or the header that all their requests have.
   */
  #beside(request: WireRequest): Part | undefined {
    const host = hostName(request);
    if (this.#outposts !== undefined && request.path.startsWith("/S3Outposts/")) return this.#outposts;
    return isControl(request, host) ? this.#control : undefined;
  }
}

function isControl({ method, path, headers }: WireRequest, host: string): boolean {
  if (/(?:^|\.)s3-control(?:-fips)?\./.test(host)) return true;
  if (!path.startsWith("/v20180820/")) return false;
  const isCreateBucket = method === "PUT" && CONTROL_CREATE_BUCKET.test(path);
  return isCreateBucket || /^\d{12}\./.test(host) || CONTROL_HEADERS.some((name) => headers[name] !== undefined);
}

function partOf(entry: Entry): Part {
  return { entry, index: new RestIndex([entry]) };
}

function partNamed(entries: readonly Entry[], id: string): Part | undefined {
  const entry = entries.find(({ service }) => service.id === id);
  return entry && partOf(entry);
}

/** A browser's form: the policy that permits it stands in the body, as the key does. */
export function isPostForm(request: WireRequest): boolean {
  return request.method === "POST" && contentType(request).startsWith("multipart/form-data");
}

function isBucket(path: string): boolean {
  return /^\/[^/]+\/?$/.test(path);
}
