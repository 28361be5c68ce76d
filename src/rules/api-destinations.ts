import type { Kysely } from "kysely";
import type { Place } from "./bus-arn.ts";
import type { RulesSchema } from "./schema.ts";

/** Destinations of an account in a Region. */
export const API_DESTINATIONS_MAX = 3000;

/** Requests per second to a destination that names no rate. */
export const DEFAULT_RATE = 300;

/** An HTTP endpoint that can be a target of rules. Whether it is active is its connection's matter. */
export interface ApiDestination {
  readonly arn: string;
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly description?: string;
  readonly connectionArn: string;
  /** May have `*`s in path and query, for the targets' path parameters. */
  readonly invocationEndpoint: string;
  readonly httpMethod: string;
  readonly ratePerSecond?: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly modifiedAt: number;
}

type Tables = Kysely<RulesSchema>;

export async function findApiDestination(
  tables: Tables,
  { account, region }: Place,
  name: string,
): Promise<ApiDestination | undefined> {
  const row = await tables
    .selectFrom("event_api_destinations")
    .select("destination")
    .where("account_id", "=", account)
    .where("region", "=", region)
    .where("name", "=", name)
    .executeTakeFirst();
  return row && readDestination(row);
}

export async function findApiDestinationByArn(tables: Tables, arn: string): Promise<ApiDestination | undefined> {
  const row = await tables
    .selectFrom("event_api_destinations")
    .select("destination")
    .where("api_destination_arn", "=", arn)
    .executeTakeFirst();
  return row && readDestination(row);
}

/** The destinations of an account in a Region, by name. */
export async function listApiDestinations(
  tables: Tables,
  { account, region }: Place,
): Promise<readonly ApiDestination[]> {
  const rows = await tables
    .selectFrom("event_api_destinations")
    .select("destination")
    .where("account_id", "=", account)
    .where("region", "=", region)
    .orderBy("name")
    .execute();
  return rows.map(readDestination);
}

/** Creates the destination or changes it. */
export async function putApiDestination(tables: Tables, made: ApiDestination): Promise<void> {
  const { arn, account, region, name, createdAt } = made;
  const destination = JSON.stringify(made);
  await tables
    .insertInto("event_api_destinations")
    .values({ api_destination_arn: arn, account_id: account, region, name, destination, created_at: createdAt })
    .onConflict((conflict) => conflict.column("api_destination_arn").doUpdateSet({ destination }))
    .execute();
}

export async function deleteApiDestination(tables: Tables, arn: string): Promise<void> {
  await tables.deleteFrom("event_api_destinations").where("api_destination_arn", "=", arn).execute();
}

function readDestination({ destination }: { readonly destination: string }): ApiDestination {
  return JSON.parse(destination) as ApiDestination;
}
