import type { SelectableEvent, Trail, Wants } from "../trail.ts";
import { compileSelectors } from "./compile-selectors.ts";

/** Services whose calls are recorded in one Region wherever they are made, as `eventSource`. */
const GLOBAL_SOURCES: ReadonlySet<string> = new Set([
  "cloudfront.amazonaws.com",
  "iam.amazonaws.com",
  "organizations.amazonaws.com",
  "route53.amazonaws.com",
]);

/** The endpoint of STS that belongs to no Region; those of Regions make events of their Region. */
const STS_GLOBAL_HOST = "sts.amazonaws.com";

/**
 * Which events a trail delivers: those that its selectors want of its account (an organization's trail: of all its
 * accounts, or of any when they are not told) and of its Region (a multi-Region trail: of all).
 *
 * Events of global services are recorded in us-east-1 alone, so that a trail of one Region gets them only there, and only
 * when it includes them. Insights events are not among what selectors select. With `recursiveLogging` off, what
 * CloudTrail's own deliveries cause is left out.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html
 */
export function wantsForTrail(trail: Trail, organizationAccounts?: readonly string[]): Wants {
  const selected = compileSelectors(trail.selectors);
  const ofAccount = accountTest(trail, organizationAccounts);
  const { multiRegion, includeGlobalServiceEvents, recursiveLogging } = trail.settings;
  const ofRegion = (event: SelectableEvent): boolean => {
    if (multiRegion) return typeof event.awsRegion === "string" && event.awsRegion !== "";
    return event.awsRegion === trail.homeRegion && (includeGlobalServiceEvents || !isGlobal(event));
  };
  return (event) =>
    selected(event) && ofRegion(event) && ofAccount(event) && (recursiveLogging || !isCausedByDelivery(event));
}

function accountTest(trail: Trail, organizationAccounts: readonly string[] | undefined): Wants {
  if (!trail.settings.organization) return (event) => event.recipientAccountId === trail.account;
  if (organizationAccounts === undefined) return (event) => isAccountId(event.recipientAccountId);
  const accounts = new Set<unknown>(organizationAccounts);
  return (event) => accounts.has(event.recipientAccountId);
}

/** It becomes part of a file's key. */
function isAccountId(value: unknown): boolean {
  return typeof value === "string" && /^\d{12}$/.test(value);
}

function isGlobal({ eventSource, tlsDetails }: SelectableEvent): boolean {
  if (typeof eventSource !== "string") return false;
  if (eventSource !== "sts.amazonaws.com") return GLOBAL_SOURCES.has(eventSource);
  const details = tlsDetails as { readonly clientProvidedHostHeader?: unknown } | null | undefined;
  return details?.clientProvidedHostHeader === STS_GLOBAL_HOST;
}

function isCausedByDelivery({ userIdentity }: SelectableEvent): boolean {
  return userIdentity?.invokedBy === "cloudtrail.amazonaws.com";
}
