/** Filter patterns: which log events are meant, and which of their values. */
export * from "./filter-pattern.ts";
export { Message } from "./message.ts";
