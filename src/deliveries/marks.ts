import { createHmac, createSecretKey } from "node:crypto";
import type { Clock } from "../core/index.ts";
import { recordedTag } from "../record/index.ts";
import type { Delivery } from "./delivery.ts";

/** A call counts as caused by a delivery no longer than this after it: who was given a mark shall not have it for ever. */
const CAUSES_FOR_MS = 5 * 60_000;

/** Marks deliveries, and reads the marks that come back on recorded calls. */
export interface DeliveryMarks {
  /** The value of the header `x-opentrail-delivery`. */
  mark(delivery: Delivery): string;
  /**
   * How many deliveries caused each other up to this record; 0 when none did, and when the mark is not ours or too old at
   * `eventTimeMs`. A receiver can repeat the mark it got on calls of its own: who breaks a loop must know more than this.
   */
  hopsOf(mark: unknown, eventTimeMs: number): number;
}

/** `key`: at least 16 secret bytes. */
export function deliveryMarks(key: Uint8Array, clock: Clock): DeliveryMarks {
  const secret = createSecretKey(key);
  const tag = (said: string): string =>
    createHmac("sha256", secret).update(said).digest().subarray(0, 16).toString("base64url");
  return {
    mark: ({ hops }) => {
      const said = `${hops}.${clock.now()}`;
      return `${said}.${tag(said)}`;
    },
    hopsOf: (mark, eventTimeMs) => {
      if (typeof mark !== "string") return 0;
      const [hops = "", time = "", given = "", ...more] = mark.split(".");
      if (more.length > 0 || given !== recordedTag(tag(`${hops}.${time}`))) return 0;
      const ageMs = eventTimeMs - Number(time);
      return Math.abs(ageMs) <= CAUSES_FOR_MS ? Number(hops) : 0;
    },
  };
}
