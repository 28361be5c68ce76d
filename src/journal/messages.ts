import type { Fault } from "./faults.ts";
import type { RangeRules } from "./range-rules.ts";

/** What the threads and the sealing process of a journal say to each other. Between threads bytes are transferred, not copied. */

export interface CommitWorkerData {
  readonly path: string;
  /** The rules of ranges, if the journal is new. */
  readonly segmentRecords: number;
  readonly segmentBytes: number;
  readonly tailBytesMax: number;
  readonly faults: readonly Fault[];
}

/** One commit: durable all together, or not at all. Each member may be absent. */
export interface CommitRequest {
  /** Salts for the stretches that the records may reach; those that exist already are left as they are. */
  readonly salts: readonly (readonly [first: number, salt: Uint8Array])[];
  /** Packed records. */
  readonly records?: ArrayBuffer;
  readonly cursors: readonly (readonly [name: string, sequence: number])[];
  /** A range whose object is durable: into the catalogue with it. */
  readonly seal?: SealedRange;
  /** Write something that does not matter, to see whether the disk takes it. */
  readonly probe?: boolean;
}

/** A line of the catalogue. */
export interface CatalogueRow {
  readonly first: number;
  readonly count: number;
  /** The object's key. */
  readonly key: string;
  readonly bytes: number;
  /** Of the whole object, hexadecimal. */
  readonly sha256: string;
}

export interface SealedRange extends CatalogueRow {
  /** The eventIDs of the range, packed. */
  readonly ids: Uint8Array;
}

export interface Committed {
  readonly kind: "committed";
  /** The sequence that the first new record got; the other new ones follow it. */
  readonly first: number;
  /** Which records were known already, by their place in the request, ascending, and the sequences that they have. */
  readonly duplicates: readonly (readonly [index: number, sequence: number])[];
  /** Where ranges end that became full. */
  readonly ends: readonly number[];
}

export interface CommitRefused {
  readonly kind: "refused";
  readonly message: string;
  /** True when a later request may succeed; otherwise nothing is written until the journal is opened again. */
  readonly passes: boolean;
}

export interface Opened {
  readonly kind: "opened";
  readonly head: number;
  readonly catalogue: readonly CatalogueRow[];
  readonly cursors: readonly (readonly [name: string, sequence: number])[];
  readonly rules: RangeRules;
  /** Where ranges end that are full and not sealed. */
  readonly ends: readonly number[];
  /** The stretches that have a salt already. */
  readonly salted: readonly number[];
}

export interface NotOpened {
  readonly kind: "not opened";
  readonly message: string;
}

export type CommitAnswer = Committed | CommitRefused;

/** Put the object of this full range where it belongs. */
export interface SealRequest {
  /** The tail's file. */
  readonly path: string;
  /** The directory of objects, and the key there. */
  readonly objects: string;
  readonly key: string;
  /** Where the stretch of the range begins. */
  readonly stretch: number;
  readonly first: number;
  readonly count: number;
}

export interface BuiltRange {
  /** Bytes of the object. */
  readonly bytes: number;
  /** Of the object, hexadecimal. */
  readonly sha256: string;
  /** The eventIDs of the range, packed. */
  readonly ids: Uint8Array;
}

export type SealAnswer =
  | { readonly kind: "built"; readonly range: BuiltRange }
  | { readonly kind: "failed"; readonly message: string };
