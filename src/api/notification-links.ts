import type { WireRequest } from "../aws/index.ts";

/** The actions whose links stand in notifications. They bear no signature: the token in them is what lets one in. */
const LINKED = /(?:^|&)Action=(?:ConfirmSubscription|Unsubscribe)(?:&|$)/;

/**
 * A link of a notification as the call that it stands for: SNS's links name their action and leave out the version of its
 * API, without which a form names no service.
 *
 * @see https://docs.aws.amazon.com/sns/latest/dg/http-subscription-confirmation-json.html
 */
export function linkedCall(request: WireRequest): WireRequest {
  return isLink(request) && !/(?:^|&)Version=/.test(request.query)
    ? { ...request, query: `${request.query}&Version=2010-03-31` }
    : request;
}

/** Whether an unsigned request follows a link of a notification. */
export function isLink({ method, path, query, headers }: Omit<WireRequest, "body">): boolean {
  const signed = headers["authorization"] !== undefined || /(?:^|&)X-Amz-Signature=/.test(query);
  return method === "GET" && path === "/" && !signed && LINKED.test(query);
}
