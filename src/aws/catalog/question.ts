import type { Headers, WireRequest } from "../http.ts";
import type { QueryView } from "./query-view.ts";
import { viewQuery } from "./query-view.ts";
import type { RpcName } from "./rpc-name.ts";
import { readRpcName } from "./rpc-name.ts";

/** What is looked at of a request to find a template that it fits. */
export interface RestQuestion {
  readonly method: string;
  /** Raw: an encoded slash is part of its segment. */
  readonly path: string;
  readonly query: QueryView;
  readonly headers: Headers;
}

/** A request, taken apart as far as it is looked at: bodies can be large. */
export class Question implements RestQuestion {
  readonly request: WireRequest;
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  #query: QueryView | undefined;
  #rpc: { readonly name: RpcName | undefined } | undefined;

  constructor(request: WireRequest) {
    this.request = request;
    this.method = request.method;
    this.path = request.path;
    this.headers = request.headers;
  }

  get query(): QueryView {
    this.#query ??= viewQuery(this.request.query);
    return this.#query;
  }

  /** What the request names itself, in the protocols whose requests do. */
  get rpc(): RpcName | undefined {
    this.#rpc ??= { name: readRpcName(this.request) };
    return this.#rpc.name;
  }
}
