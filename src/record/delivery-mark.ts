import { createHash } from "node:crypto";

/** What every delivery of ours bears, so that a call that it causes can be told from others. */
export const DELIVERY_MARK_HEADER = "x-opentrail-delivery";

/** Number of deliveries that caused each other, when, and a tag that only we can make. */
const MARK = /^\d{1,3}\.\d{1,15}\.[A-Za-z0-9_-]{22}$/;

/**
 * What a record says of the delivery that its call bears the mark of, if it looks like one; whether it is ours is judged by
 * who reads it. The tag is hashed: whoever may read records must not be able to bear the mark.
 */
export function markedDelivery(header: string | undefined): { readonly opentrailDelivery?: string } {
  if (header === undefined || !MARK.test(header)) return {};
  const [hops = "", time = "", tag = ""] = header.split(".");
  return { opentrailDelivery: `${hops}.${time}.${recordedTag(tag)}` };
}

/** A mark's tag as records show it. */
export function recordedTag(tag: string): string {
  return createHash("sha256").update(tag).digest("base64url").slice(0, 22);
}
