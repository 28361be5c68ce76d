import type { Kysely } from "kysely";
import { onTestFinished } from "vitest";
import { openTables } from "../store/index.ts";
import { type TrailsSchema, trailsMigrations } from "./schema.ts";
import type { Trail, TrailSettings } from "./trail.ts";
import { trailArn } from "./trail-name.ts";

export const ACCOUNT = "123456789012";

export async function openTrailTables(): Promise<Kysely<TrailsSchema>> {
  const tables = await openTables<TrailsSchema>(":memory:", trailsMigrations);
  onTestFinished(() => tables.destroy());
  return tables;
}

/** What a trail is made of, as `createTrail` takes it. */
export function trailNamed(
  name: string,
  settings: Partial<TrailSettings> = {},
  place: { readonly account: string; readonly region: string } = { account: ACCOUNT, region: "us-east-1" },
): Pick<Trail, "id" | "name" | "arn" | "account" | "homeRegion" | "settings"> {
  return {
    id: `id of ${name}`,
    name,
    arn: trailArn(place, name),
    account: place.account,
    homeRegion: place.region,
    settings: {
      bucket: "logs",
      includeGlobalServiceEvents: true,
      multiRegion: false,
      organization: false,
      validation: false,
      recursiveLogging: true,
      ...settings,
    },
  };
}
