import type { Kysely } from "kysely";
import type { Place } from "./bus-arn.ts";
import { type Replay, REPLAY_UNDER_WAY, type ReplayState } from "./replay.ts";
import type { RulesSchema } from "./schema.ts";

/** Replays of an account in a Region that are under way. */
export const REPLAYS_UNDER_WAY_MAX = 10;

type Tables = Kysely<RulesSchema>;

export async function findReplay(
  tables: Tables,
  { account, region }: Place,
  name: string,
): Promise<Replay | undefined> {
  const row = await tables
    .selectFrom("event_replays")
    .select(["replay", "state"])
    .where("account_id", "=", account)
    .where("region", "=", region)
    .where("name", "=", name)
    .executeTakeFirst();
  return row && readReplay(row);
}

/** The replays of an account in a Region, by name. */
export async function listReplays(tables: Tables, { account, region }: Place): Promise<readonly Replay[]> {
  const rows = await tables
    .selectFrom("event_replays")
    .select(["replay", "state"])
    .where("account_id", "=", account)
    .where("region", "=", region)
    .orderBy("name")
    .execute();
  return rows.map(readReplay);
}

/** Of all accounts and Regions, those that are not over; the oldest first. */
export async function replaysUnderWay(tables: Tables): Promise<readonly Replay[]> {
  const rows = await tables
    .selectFrom("event_replays")
    .select(["replay", "state"])
    .where("state", "in", REPLAY_UNDER_WAY)
    .orderBy("created_at")
    .orderBy("replay_arn")
    .execute();
  return rows.map(readReplay);
}

/** Creates the replay or changes it. */
export async function putReplay(tables: Tables, replay: Replay): Promise<void> {
  const { arn, account, region, name, state, startedAt } = replay;
  const changed = { replay: JSON.stringify(replay), state };
  await tables
    .insertInto("event_replays")
    .values({ replay_arn: arn, account_id: account, region, name, created_at: startedAt, ...changed })
    .onConflict((conflict) => conflict.column("replay_arn").doUpdateSet(changed))
    .execute();
}

function readReplay({ replay, state }: { readonly replay: string; readonly state: string }): Replay {
  return { ...(JSON.parse(replay) as Replay), state: state as ReplayState };
}
