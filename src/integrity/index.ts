/**
 * Proof that log files are what they were: digest files, chained and signed with keys of ours, and the check that what
 * lies in a bucket is what was delivered.
 */
export * from "./digest-file.ts";
export * from "./digest-key.ts";
export * from "./digests.ts";
export * from "./file-check.ts";
export * from "./file-findings.ts";
export * from "./open-digests.ts";
export * from "./schema.ts";
