/**
 * Segments: a full range of journal records as one immutable file that holds the raw records in zstd blocks, their
 * leaf hashes, the range salt, and posting lists of the lookup attributes. Building is pure; reading verifies what it
 * touches, and names file and section when a byte is not what was written.
 */
export { buildSegment, type SegmentInput } from "./build-segment.ts";
export { leafHash } from "./leaf-hash.ts";
export { openSegment, type Segment } from "./open-segment.ts";
export { entryOf, parseRecord } from "./order-records.ts";
export { SegmentCache } from "./segment-cache.ts";
export type { SectionName } from "./segment-format.ts";
export type { SegmentObjects } from "./segment-file.ts";
export { comparePlaces, type Place, type SegmentQuery } from "./segment-index.ts";
