import type { Client } from "../api/client/index.ts";
import type { CloudtrailOperations } from "../aws/index.ts";
import type { Event } from "./event-view.ts";
import type { LookupRequest } from "./filters.ts";

/** One answer of LookupEvents, newest first. */
export interface LookupPage {
  readonly events: readonly Event[];
  readonly more: boolean;
  readonly requestId: string | undefined;
  readonly serverTime: number | undefined;
}

/** LookupEvents answers no more at a time. */
const PAGE_EVENTS_MAX = 50;

/** Page after page of at most `limit` events; a page is asked for when the one before has been dealt with. */
export async function* lookupPages(
  client: Client,
  request: LookupRequest,
  { limit = Number.POSITIVE_INFINITY, signal }: { readonly limit?: number; readonly signal?: AbortSignal },
): AsyncGenerator<LookupPage, void, undefined> {
  let left = limit;
  let token: string | undefined;
  do {
    const input = {
      ...request,
      MaxResults: Math.min(PAGE_EVENTS_MAX, left),
      ...(token === undefined ? {} : { NextToken: token }),
    };
    const { output, requestId, serverTime } = await client.call("cloudtrail", "LookupEvents", asLookup(input), {
      signal,
    });
    const events = output.Events ?? [];
    token = output.NextToken;
    left -= events.length;
    yield { events, more: token !== undefined, requestId, serverTime };
  } while (token !== undefined && left > 0);
}

/** The model knows AWS's categories only; the wire takes any text. */
export function asLookup(request: LookupRequest): CloudtrailOperations["LookupEvents"]["input"] {
  return request as CloudtrailOperations["LookupEvents"]["input"];
}
