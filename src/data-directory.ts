import { statSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "./core/index.ts";

/** What a data directory is made of, in the order in which the first start makes it. */
const PARTS = ["secret.key", "journal/tail.db", "tables.db"] as const;
type Part = (typeof PARTS)[number];

/**
 * A part that is gone would be made anew, empty, and the others would go on as if nothing had happened: an empty log, or
 * one whose users nobody knows. A first start that broke off left its parts in their order.
 * @throws {Failure} naming a part that is missing or empty while a later one is there.
 */
export function checkParts(dataDirectory: string): void {
  const last = PARTS.findLast((part) => isPresent(dataDirectory, part));
  for (const part of PARTS) {
    if (part === last) return;
    if (last !== undefined) checkPresent(dataDirectory, part, `${last} is there`);
  }
}

/** @throws {Failure} naming the part when it is missing or empty, with what speaks against that. */
export function checkPresent(dataDirectory: string, part: Part, although: string): void {
  if (isPresent(dataDirectory, part)) return;
  throw new Failure(
    `${join(dataDirectory, part)} is missing or empty, but ${although}: restore it from a backup, or start with another directory`,
  );
}

function isPresent(dataDirectory: string, part: Part): boolean {
  return (statSync(join(dataDirectory, part), { throwIfNoEntry: false })?.size ?? 0) > 0;
}
