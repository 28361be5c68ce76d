/**
 * How calls become records: the recording gateway in front of other servers, and adapters for servers that write an audit
 * log of their own. What is captured goes to the journal through ports that are handed in.
 */
export * from "./call/captured.ts";
export * from "./call/description.ts";
export * from "./adapters/index.ts";
