import { assert } from "../../core/index.ts";
import type { WireRequest } from "../http.ts";
import { EMPTY } from "../protocols/codec.ts";
import { knownCall, plainProtocol, rpcProtocol, strangeCall, unknownCall } from "./answers.ts";
import type { Directory } from "./directory.ts";
import type { Entry } from "./entry.ts";
import type { Group } from "./group.ts";
import { Question } from "./question.ts";
import type { ResolvedCall } from "./resolved-call.ts";
import type { RpcName } from "./rpc-name.ts";
import { contentType, isForm } from "./rpc-name.ts";
import { hostName } from "./s3-address.ts";
import { isPostForm, S3Resolver } from "./s3-resolver.ts";
import { Unsigned } from "./unsigned.ts";

export interface ResolveHints {
  /** The service in the scope of the request's signature. It decides: the request cannot claim to be for another. */
  readonly signingName?: string;
  /** The signing name or id of the service to assume for unsigned requests that name none themselves. */
  readonly fallback?: string;
}

export class Resolver {
  readonly #directory: Directory;
  readonly #bases: readonly string[];
  readonly #unsigned: Unsigned;
  readonly #s3 = new Map<Entry, S3Resolver>();

  /** `bases`: base names of virtual-host buckets in lower case. */
  constructor(directory: Directory, bases: readonly string[]) {
    this.#directory = directory;
    this.#bases = bases;
    this.#unsigned = new Unsigned(directory, bases);
  }

  resolve(request: WireRequest, hints: ResolveHints): ResolvedCall {
    const question = new Question(request);
    const group = this.#groupOf(question, hints);
    if (group === undefined) return strangeCall(request, question.rpc, hints.signingName);
    const objects = group.entries.find(({ service }) => service.id === "s3");
    if (objects !== undefined) return this.#s3Resolver(objects, group).resolve(request);
    const meant = group.atHost(hostName(request)) ?? group;
    return resolveIn(meant, question) ?? resolveIn(group, question) ?? unknownIn(meant, question);
  }

  needsBody(request: WireRequest, hints: ResolveHints): boolean {
    const { method, headers } = request;
    if (method !== "POST" || headers["x-amz-target"] !== undefined || headers["smithy-protocol"] !== undefined)
      return false;
    const group = this.#groupOf(new Question({ ...request, body: EMPTY }), hints);
    if (isPostForm(request)) return group === undefined || group.entries.some(({ service }) => service.id === "s3");
    const mayHaveAction = isForm(request) || contentType(request) === "";
    return mayHaveAction && (group === undefined || group.entries.some(({ isRest }) => !isRest));
  }

  #groupOf(question: Question, { signingName, fallback }: ResolveHints): Group | undefined {
    return signingName ? this.#directory.bySigningName(signingName) : this.#unsigned.groupOf(question, fallback);
  }

  #s3Resolver(objects: Entry, group: Group): S3Resolver {
    const resolver = this.#s3.get(objects) ?? new S3Resolver(objects, group, this.#bases);
    this.#s3.set(objects, resolver);
    return resolver;
  }
}

/** A path of a REST service says more than a header: its calls never have the other protocols' marks. */
function resolveIn(group: Group, question: Question): ResolvedCall | undefined {
  const { request } = question;
  const route = group.isRest ? group.rest.find(question) : undefined;
  if (route !== undefined) return knownCall(route.entry, route.name, plainProtocol(route.entry, request));
  const { rpc } = question;
  const entry = rpc && namedEntries(group, request, rpc).find((candidate) => candidate.has(rpc.operation));
  return entry && knownCall(entry, rpc.operation, rpcProtocol(entry, rpc));
}

function unknownIn(group: Group, { request, rpc }: Question): ResolvedCall {
  const [named] = rpc === undefined ? [] : namedEntries(group, request, rpc);
  if (named !== undefined && rpc !== undefined) return unknownCall(named, rpc.operation, rpcProtocol(named, rpc));
  const [entry] = group.entries;
  assert(entry, "a group has a service");
  return unknownCall(entry, undefined, plainProtocol(entry, request));
}

/** The services that a target or version names; all of them when it names none, as clients of old versions do. */
function namedEntries({ entries }: Group, { path }: WireRequest, rpc: RpcName): readonly Entry[] {
  const isRpcPath = path === "/" || path === "" || rpc.protocol === "rpc-v2-cbor";
  const able = entries.filter(({ isRest }) => !isRest || isRpcPath);
  const named = able.filter(({ target, service }) =>
    rpc.target === undefined ? service.apiVersion === rpc.version : target === rpc.target,
  );
  return named.length > 0 ? named : able;
}
