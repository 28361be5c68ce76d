/** Event selectors: what may be put, and the predicate that is made of it. */
export * from "./compile-selectors.ts";
export * from "./logged-kinds.ts";
export * from "./selectors.ts";
export * from "./wants-for-trail.ts";
export { parseReadWriteType } from "./basic-selectors.ts";
