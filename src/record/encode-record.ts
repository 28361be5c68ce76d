import { createHash } from "node:crypto";
import type { AuditRecord } from "./audit-record.ts";

/** A value too large for its record, to be kept beside the journal under its own hash. */
export interface OversizeValue {
  /** Lower-case hex of the SHA-256 of `bytes`. */
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

export interface EncodedRecord {
  readonly eventID: string;
  /** Minified JSON, UTF-8, members in CloudTrail's order. */
  readonly bytes: Uint8Array;
  readonly oversize: readonly OversizeValue[];
}

/** CloudTrail's limits of a standard event, in bytes of UTF-8. Source: "CloudTrail record contents", size rules. */
export const RECORD_LIMITS: {
  readonly record: number;
  readonly text: number;
  readonly members: Readonly<
    Record<"requestParameters" | "responseElements" | "serviceEventDetails" | "additionalEventData", number>
  >;
} = {
  record: 256 * 1024,
  text: 1024,
  members: {
    requestParameters: 100 * 1024,
    responseElements: 100 * 1024,
    serviceEventDetails: 100 * 1024,
    additionalEventData: 28 * 1024,
  },
};

const TRUNCATED = ["userAgent", "errorCode", "errorMessage", "requestID"] as const;
type TruncatedMember = (typeof TRUNCATED)[number];
type OmittedMember = keyof typeof RECORD_LIMITS.members;

/** The order of members was never violated in thousands of production records, so readers may rest on it. */
const ORDER: readonly (keyof AuditRecord)[] = [
  "eventVersion",
  "userIdentity",
  "eventTime",
  "eventSource",
  "eventName",
  "awsRegion",
  "sourceIPAddress",
  "userAgent",
  "errorCode",
  "errorMessage",
  "requestParameters",
  "responseElements",
  "additionalEventData",
  "requestID",
  "eventID",
  "readOnly",
  "resources",
  "eventType",
  "apiVersion",
  "managementEvent",
  "recipientAccountId",
  "sharedEventID",
  "serviceEventDetails",
  "eventCategory",
  "tlsDetails",
  "sessionCredentialFromConsole",
];

/**
 * Writes a record as bytes under CloudTrail's size rules, losing nothing: text over 1 KB is cut and large members are
 * replaced as AWS does, and each whole value comes back as `oversize`, named by hash and size inside the record.
 */
export function encodeRecord(record: AuditRecord): EncodedRecord {
  const encoder = new Encoder(record);
  encoder.truncateTexts();
  encoder.omitLargeMembers();
  return encoder.finish();
}

class Encoder {
  readonly #members: Record<string, unknown>;
  /** Each member is written once, whoever asks for its size. */
  readonly #texts = new Map<string, string>();
  readonly #truncated: { field: TruncatedMember; originalSize: number; sha256: string }[] = [];
  readonly #oversize: OversizeValue[] = [];

  constructor(record: AuditRecord) {
    this.#members = { ...record };
  }

  truncateTexts(): void {
    for (const field of TRUNCATED) {
      const text = this.#members[field];
      // A text of this many UTF-16 units cannot have more bytes: the common case costs no encoding.
      if (typeof text !== "string" || text.length * 3 <= RECORD_LIMITS.text) continue;
      const bytes = Buffer.from(text);
      if (bytes.length <= RECORD_LIMITS.text) continue;
      this.#set(field, cutUtf8(bytes, RECORD_LIMITS.text));
      this.#truncated.push({ field, originalSize: bytes.length, sha256: this.#keep(bytes) });
    }
    if (this.#truncated.length === 0) return;
    this.#note({ truncatedFields: this.#truncated });
  }

  omitLargeMembers(): void {
    for (const [member, limit] of LIMITED_MEMBERS) {
      const value = this.#members[member];
      if (value === undefined || value === null) continue;
      const text = this.#textOf(member);
      if (text.length * 3 > limit && Buffer.byteLength(text) > limit) this.#omit(member);
    }
  }

  finish(): EncodedRecord {
    let bytes = this.#json();
    // The members' own limits add up to more than a record may have.
    for (const member of ["additionalEventData", "responseElements", "requestParameters", "resources"] as const) {
      if (bytes.length <= RECORD_LIMITS.record) break;
      if (this.#members[member] === undefined || this.#members[member] === null) continue;
      this.#omit(member);
      bytes = this.#json();
    }
    return { eventID: String(this.#members["eventID"]), bytes, oversize: this.#oversize };
  }

  #omit(member: OmittedMember | "resources"): void {
    const bytes = Buffer.from(this.#textOf(member));
    const note = {
      omitted: true,
      originalSize: bytes.length,
      reason: `${member} too large`,
      sha256: this.#keep(bytes),
    };
    // `resources` is a list: readers that walk it must not meet a note there.
    this.#set(member, member === "resources" ? undefined : note);
    if (member === "resources") this.#note({ resources: note });
  }

  #note(notes: Readonly<Record<string, unknown>>): void {
    const data = this.#members["additionalEventData"];
    const rest = typeof data === "object" && data !== null ? data : {};
    this.#set("additionalEventData", { ...rest, ...notes });
  }

  #set(member: string, value: unknown): void {
    this.#members[member] = value;
    this.#texts.delete(member);
  }

  #keep(bytes: Uint8Array): string {
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    this.#oversize.push({ sha256, bytes });
    return sha256;
  }

  #textOf(member: string): string {
    const known = this.#texts.get(member);
    if (known !== undefined) return known;
    const text = JSON.stringify(this.#members[member]);
    this.#texts.set(member, text);
    return text;
  }

  #json(): Uint8Array {
    let text = "";
    for (const [member, key] of ORDERED_KEYS) {
      const value = this.#members[member];
      if (value !== undefined) text += (text === "" ? "{" : ",") + key + this.#textOf(member);
    }
    return Buffer.from(`${text}}`);
  }
}

const LIMITED_MEMBERS = Object.entries(RECORD_LIMITS.members) as readonly (readonly [OmittedMember, number])[];

const ORDERED_KEYS: readonly (readonly [member: string, key: string])[] = ORDER.map((member) => [
  member,
  `"${member}":`,
]);

/** The longest prefix of whole characters that fits. */
function cutUtf8(bytes: Buffer, limit: number): string {
  let end = limit;
  while (end > 0 && ((bytes[end] ?? 0) & 0b1100_0000) === 0b1000_0000) end--;
  return bytes.toString("utf8", 0, end);
}
