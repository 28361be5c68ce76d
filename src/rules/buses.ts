import type { Kysely } from "kysely";
import { type BusReference, busAt, DEFAULT_BUS, noSuchBus, type Place } from "./bus-arn.ts";
import type { RulesSchema } from "./schema.ts";
import { removeAllTags } from "./tags.ts";

/** What is told of a bus, as CreateEventBus takes it. Keys and the queue are kept as they were given. */
export interface BusSettings {
  readonly description?: string;
  readonly kmsKeyIdentifier?: string;
  readonly deadLetterArn?: string;
  readonly logConfig?: { readonly IncludeDetail?: string; readonly Level?: string };
}

export interface EventBus extends BusReference {
  readonly settings: BusSettings;
  /** Its policy, as JSON text. */
  readonly policy?: string;
  /** Milliseconds since 1970; absent on a default bus that nobody ever changed. */
  readonly createdAt?: number;
  readonly modifiedAt?: number;
}

/** What stands in a row's `bus`. */
type StoredBus = Pick<EventBus, "settings" | "policy" | "modifiedAt">;

type Tables = Kysely<RulesSchema>;

/** The default bus of any account and Region is there. */
export async function findBus(tables: Tables, bus: BusReference): Promise<EventBus | undefined> {
  const row = await tables.selectFrom("event_buses").selectAll().where("bus_arn", "=", bus.arn).executeTakeFirst();
  if (row !== undefined) return readBus(row);
  return bus.name === DEFAULT_BUS ? { ...bus, settings: {} } : undefined;
}

/** @throws {Refusal} `ResourceNotFoundException`. */
export async function findBusOrRefuse(tables: Tables, bus: BusReference): Promise<EventBus> {
  const found = await findBus(tables, bus);
  if (found === undefined) throw noSuchBus(bus.name);
  return found;
}

/** The buses of an account in a Region by name, the default one among them. */
export async function listBuses(tables: Tables, { account, region }: Place): Promise<readonly EventBus[]> {
  const rows = await tables
    .selectFrom("event_buses")
    .selectAll()
    .where("account_id", "=", account)
    .where("region", "=", region)
    .execute();
  const buses = rows.map(readBus);
  if (!buses.some(({ name }) => name === DEFAULT_BUS)) buses.push({ ...busAt({ account, region }), settings: {} });
  return buses.toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

/** Creates the bus or changes it. */
export async function putBus(tables: Tables, bus: EventBus, now: number): Promise<void> {
  const { arn, account, region, name, settings, policy } = bus;
  const stored: StoredBus = { settings, modifiedAt: now, ...(policy === undefined ? {} : { policy }) };
  const text = JSON.stringify(stored);
  await tables
    .insertInto("event_buses")
    .values({ bus_arn: arn, account_id: account, region, name, bus: text, created_at: now })
    .onConflict((conflict) => conflict.column("bus_arn").doUpdateSet({ bus: text }))
    .execute();
}

/** Its tags go with it. */
export async function deleteBus(tables: Tables, { arn }: BusReference): Promise<void> {
  await removeAllTags(tables, arn);
  await tables.deleteFrom("event_buses").where("bus_arn", "=", arn).execute();
}

function readBus(row: RulesSchema["event_buses"]): EventBus {
  const stored = JSON.parse(row.bus) as StoredBus;
  const { bus_arn: arn, account_id: account, region, name, created_at: createdAt } = row;
  return { arn, account, region, name, ...stored, createdAt };
}
