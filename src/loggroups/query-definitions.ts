import type { Kysely } from "kysely";
import { Refusal } from "../core/index.ts";
import type { Place } from "./group-arn.ts";
import { limitExceeded } from "./groups.ts";
import type { LogGroupsSchema } from "./schema.ts";

/** A query that was kept by name. In the model's words. */
export interface QueryDefinition {
  readonly queryDefinitionId: string;
  readonly name: string;
  readonly queryString: string;
  readonly queryLanguage: string;
  /** Milliseconds since 1970. */
  readonly lastModified: number;
  readonly logGroupNames?: readonly string[] | undefined;
  readonly parameters?: readonly QueryParameter[] | undefined;
}

export interface QueryParameter {
  readonly name: string;
  readonly defaultValue?: string | undefined;
  readonly description?: string | undefined;
}

type Tables = Kysely<LogGroupsSchema>;

/** Of one account in one Region. */
const DEFINITIONS_MAX = 1_000;

/** By name. */
export async function listQueryDefinitions(tables: Tables, place: Place): Promise<readonly QueryDefinition[]> {
  const rows = await tables
    .selectFrom("log_query_definitions")
    .select("definition")
    .where("account_id", "=", place.account)
    .where("region", "=", place.region)
    .orderBy("name")
    .orderBy("query_id")
    .execute();
  return rows.map(({ definition }) => JSON.parse(definition) as QueryDefinition);
}

/** @throws {Refusal} `LimitExceededException`. */
export async function addQueryDefinition(tables: Tables, place: Place, definition: QueryDefinition): Promise<void> {
  const known = await listQueryDefinitions(tables, place);
  if (known.length >= DEFINITIONS_MAX) throw limitExceeded();
  await tables
    .insertInto("log_query_definitions")
    .values({
      account_id: place.account,
      region: place.region,
      query_id: definition.queryDefinitionId,
      name: definition.name,
      definition: JSON.stringify(definition),
    })
    .execute();
}

/** @throws {Refusal} `ResourceNotFoundException`. */
export async function deleteQueryDefinition(tables: Tables, place: Place, id: string): Promise<void> {
  const { numDeletedRows } = await tables
    .deleteFrom("log_query_definitions")
    .where("account_id", "=", place.account)
    .where("region", "=", place.region)
    .where("query_id", "=", id)
    .executeTakeFirstOrThrow();
  if (numDeletedRows > 0n) return;
  throw new Refusal("ResourceNotFoundException", "The specified query definition does not exist.");
}
