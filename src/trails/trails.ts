import type { Kysely } from "kysely";
import type { TrailsSchema } from "./schema.ts";
import { DEFAULT_SELECTORS } from "./selectors/index.ts";
import type { InsightSelector, Selectors, Trail, TrailSettings } from "./trail.ts";
import { removeAllTrailTags } from "./trail-tags.ts";

/** The call that changes a trail. The change counts from its record on, which bears the request's id. */
export interface ChangingCall {
  readonly requestId: string;
  readonly now: number;
}

export type ChangeKind = "create" | "update" | "delete" | "start" | "stop" | "selectors" | "insights";

type Tables = Kysely<TrailsSchema>;

/** A trail that does not log yet; that its name is free was made sure of before. */
export async function createTrail(
  tables: Tables,
  made: Pick<Trail, "id" | "name" | "arn" | "account" | "homeRegion" | "settings">,
  call: ChangingCall,
): Promise<Trail> {
  const { id, name, arn, account, homeRegion } = made;
  const trail: Trail = {
    ...made,
    createdAt: call.now,
    selectors: DEFAULT_SELECTORS,
    insightSelectors: [],
    logging: false,
  };
  const row = { trail_id: id, arn, account_id: account, home_region: homeRegion, name, trail: JSON.stringify(trail) };
  await tables.insertInto("trails").values(row).execute();
  await noteChange(tables, id, "create", trail, call);
  return trail;
}

export function updateTrail(tables: Tables, trail: Trail, settings: TrailSettings, call: ChangingCall): Promise<Trail> {
  return save(tables, "update", { ...trail, settings }, call);
}

/** Starting a trail that logs renews the time of its start. */
export function startLogging(tables: Tables, trail: Trail, call: ChangingCall): Promise<Trail> {
  return save(tables, "start", { ...trail, logging: true, startedAt: call.now }, call);
}

export function stopLogging(tables: Tables, trail: Trail, call: ChangingCall): Promise<Trail> {
  return save(tables, "stop", { ...trail, logging: false, stoppedAt: call.now }, call);
}

export function putSelectors(tables: Tables, trail: Trail, selectors: Selectors, call: ChangingCall): Promise<Trail> {
  return save(tables, "selectors", { ...trail, selectors }, call);
}

export function putInsightSelectors(
  tables: Tables,
  trail: Trail,
  insightSelectors: readonly InsightSelector[],
  call: ChangingCall,
): Promise<Trail> {
  return save(tables, "insights", { ...trail, insightSelectors }, call);
}

/** Its tags go with it; what it delivered stays. */
export async function deleteTrail(tables: Tables, trail: Trail, call: ChangingCall): Promise<void> {
  await removeAllTrailTags(tables, trail.arn);
  await tables.deleteFrom("trails").where("trail_id", "=", trail.id).execute();
  await noteChange(tables, trail.id, "delete", null, call);
}

export async function findTrail(tables: Tables, arn: string): Promise<Trail | undefined> {
  const row = await tables.selectFrom("trails").select("trail").where("arn", "=", arn).executeTakeFirst();
  return row && readTrail(row);
}

/** All trails of all accounts, by name. */
export async function listTrails(tables: Tables): Promise<readonly Trail[]> {
  const rows = await tables.selectFrom("trails").select("trail").orderBy("name").orderBy("arn").execute();
  return rows.map(readTrail);
}

function readTrail({ trail }: { readonly trail: string }): Trail {
  return JSON.parse(trail) as Trail;
}

async function save(tables: Tables, kind: ChangeKind, trail: Trail, call: ChangingCall): Promise<Trail> {
  await tables
    .updateTable("trails")
    .set({ trail: JSON.stringify(trail) })
    .where("trail_id", "=", trail.id)
    .execute();
  await noteChange(tables, trail.id, kind, trail, call);
  return trail;
}

async function noteChange(
  tables: Tables,
  id: string,
  kind: ChangeKind,
  trail: Trail | null,
  { requestId }: ChangingCall,
): Promise<void> {
  const last = await tables
    .selectFrom("trail_changes")
    .select((row) => row.fn.max("position").as("position"))
    .executeTakeFirst();
  const position = (last?.position ?? 0) + 1;
  const row = { request_id: requestId, position, trail_id: id, kind, trail: trail && JSON.stringify(trail) };
  await tables.insertInto("trail_changes").values(row).execute();
}
