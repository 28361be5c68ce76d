/** The generated table of all services: what it holds, and how it is read. */
import { readFileSync } from "node:fs";

/** One service in `table.json`. What is the same as another member is left out. */
export interface TableService {
  readonly id: string;
  readonly signingName: string;
  /** Absent when the same as `signingName`. */
  readonly endpointPrefix?: string;
  readonly apiVersion: string;
  /** Separated by spaces; the model's favourite first. */
  readonly protocols: string;
  readonly targetPrefix?: string;
  /** Without `.amazonaws.com`; absent when the same as `signingName`. */
  readonly eventSource?: string;
  /** Absent when the same as `signingName`. */
  readonly iamPrefix?: string;
  /** The names of all operations, separated by spaces. Absent for the REST protocols. */
  readonly operations?: string;
  /**
   * `Name METHOD uri needs takes`, one text per operation of the REST protocols. In `uri` labels have no names: `{}`, `{+}`.
   * `needs`: required query parameters and, after a colon, headers; `takes`: all other query parameters, `*` when any; both
   * separated by commas, and `takes` only for services that tell operations apart by the query string.
   */
  readonly rest?: readonly string[];
}

const TABLE = new URL("../models/catalog/table.json", import.meta.url);

/** The table as generated, read from disk. */
export function readTable(): readonly TableService[] {
  return JSON.parse(readFileSync(TABLE, "utf8")) as readonly TableService[];
}
