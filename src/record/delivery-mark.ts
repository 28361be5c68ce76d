/** What every delivery of ours bears, so that a call that it causes can be told from others. */
export const DELIVERY_MARK_HEADER = "x-opentrail-delivery";

/** Number of deliveries that caused each other, when, and a tag that only we can make. */
const MARK = /^\d{1,3}\.\d{1,15}\.[A-Za-z0-9_-]{22}$/;

/**
 * What a record says of the delivery that its call bears the mark of: the mark as it came, if it looks like one. Whether it
 * is ours is judged by who reads it.
 */
export function markedDelivery(header: string | undefined): { readonly opentrailDelivery?: string } {
  return header !== undefined && MARK.test(header) ? { opentrailDelivery: header } : {};
}
