/**
 * Ports to the world and their drivers: the control-plane tables (SQLite through Kysely) and the object store
 * (a directory). Nothing here knows what it stores.
 */
export * from "./check-wal.ts";
export * from "./directory-object-store.ts";
export * from "./tables.ts";
