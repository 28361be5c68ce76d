import { parseGroupArn } from "./group-arn.ts";
import { positionOf } from "./store/index.ts";

/** Where one log event lies, as one opaque text: what a query answers as `@ptr`, and GetLogRecord takes. */
export function recordPointer(groupArn: string, eventId: string): string {
  return Buffer.from(`${eventId} ${groupArn}`).toString("base64url");
}

/** Undefined when the text is no pointer. */
export function parseRecordPointer(text: string): { readonly groupArn: string; readonly eventId: string } | undefined {
  const decoded = Buffer.from(text, "base64url").toString();
  const [eventId = "", groupArn = ""] = decoded.split(" ", 2);
  if (positionOf(eventId) === undefined || parseGroupArn(groupArn) === undefined) return undefined;
  return { groupArn, eventId };
}
