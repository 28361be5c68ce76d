import type { Content } from "./message.ts";
import type { Subscription } from "./subscriptions.ts";

/** Whether the subscription's filter policy lets the message through; without one everything comes. */
export function wants({ attributes }: Subscription, _: Content): boolean {
  return attributes.FilterPolicy === undefined;
}
