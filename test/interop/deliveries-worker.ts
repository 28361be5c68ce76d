import { join } from "node:path";
import { pino } from "pino";
import { systemClock, systemRandom } from "../../src/core/index.ts";
import {
  type DeliveriesSchema,
  deliveriesMigrations,
  openAddressGuard,
  openGuardedHttp,
  openHostLookup,
  openHttpTransport,
  startDeliveries,
} from "../../src/deliveries/index.ts";
import { openTables } from "../../src/store/index.ts";

/** A process to be killed: `deliveries-worker.ts DIRECTORY` works through the ledger in DIRECTORY/tables.db. */
const [directory = ""] = process.argv.slice(2);
const http = openGuardedHttp({ guard: openAddressGuard(["127.0.0.1"]), lookup: openHostLookup(systemClock) });
await startDeliveries(
  {
    tables: await openTables<DeliveriesSchema>(join(directory, "tables.db"), deliveriesMigrations),
    transports: { http: openHttpTransport({ http, mark: () => "mark" }) },
    clock: systemClock,
    random: systemRandom,
    log: pino({ level: "error" }),
  },
  { inAll: 1_000 },
);
// Its timers do not keep it alive; whoever started it ends it.
setInterval(() => undefined, 60_000);
