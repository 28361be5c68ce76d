/**
 * The CloudTrail record: what it is, how a call becomes one, what is redacted, how large it may be, and by which
 * attributes event history finds it. Pure functions.
 */
export * from "./audit-record.ts";
export * from "./lookup-keys.ts";
