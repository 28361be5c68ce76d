import type { Shape, Slot } from "./shapes.ts";

/** What stands in a record for a value that the model marks as sensitive. */
export const HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS";

export interface RecordMembersOptions {
  /** Names of structure members, as in the model, that are left out wherever they stand. */
  readonly omit: ReadonlySet<string>;
}

/**
 * A call's input or output as it appears in a record's requestParameters or responseElements: the first character of member
 * names in lower case and no other (`DBInstanceIdentifier` becomes `dBInstanceIdentifier`), map keys as they are, sensitive
 * values replaced by `HIDDEN`, blobs as base64, streams dropped, timestamps as `Jul 10, 2023, 12:14:52 PM` (UTC). What was
 * not sent is absent.
 */
export function toRecordMembers(shape: Shape, value: unknown, options: RecordMembersOptions): unknown {
  switch (shape.type) {
    case "structure": {
      const source = value as Record<string, unknown>;
      if (shape.document) return source;
      const members: Record<string, unknown> = {};
      for (const member of shape.members) {
        const part = source[member.name];
        if (part === undefined || part === null || member.streaming || options.omit.has(member.name)) continue;
        members[lowerFirst(member.name)] = ofSlot(member, part, options);
      }
      return members;
    }
    case "list":
      return (value as readonly unknown[]).map((item) => ofSlot(shape.member, item, options));
    case "map":
      return ofMap(shape.value, value as Record<string, unknown>, options);
    case "timestamp":
      return javaDate(value as Date);
    case "blob":
      return Buffer.from(value as Uint8Array).toString("base64");
    case "long":
      // A record is JSON: digits that a double cannot hold stay text.
      return typeof value === "bigint" ? value.toString() : value;
    case "string":
    case "boolean":
    case "integer":
    case "float":
    case "double":
      return value;
  }
}

function ofSlot(slot: Slot, value: unknown, options: RecordMembersOptions): unknown {
  if (value === undefined || value === null) return null;
  return slot.sensitive ? HIDDEN : toRecordMembers(slot.shape, value, options);
}

function ofMap(slot: Slot, values: Record<string, unknown>, options: RecordMembersOptions): Record<string, unknown> {
  // Keys are the caller's: `__proto__` must become a key, not a prototype.
  const members = Object.create(null) as Record<string, unknown>;
  for (const key of Object.keys(values)) members[key] = ofSlot(slot, values[key], options);
  return members;
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Java's `MMM d, yyyy, h:mm:ss a` in UTC, as real records have it. */
function javaDate(date: Date): string {
  const two = (part: number): string => String(part).padStart(2, "0");
  const hours = date.getUTCHours();
  const day = `${MONTHS[date.getUTCMonth()]} ${date.getUTCDate()}, ${date.getUTCFullYear()}`;
  const clock = `${hours % 12 === 0 ? 12 : hours % 12}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  return `${day}, ${clock} ${hours < 12 ? "AM" : "PM"}`;
}
