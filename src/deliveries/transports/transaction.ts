import { setImmediate as nextTurn } from "node:timers/promises";
import type { Kysely, Transaction } from "kysely";
import type { AttemptResult, Delivery, Transport } from "../delivery.ts";

/** Attempts that share a transaction: nobody else has a turn meanwhile. */
const SHARED_MAX = 16;

/** An attempt that begins, and who waits for its result. */
interface Begun {
  readonly delivery: Delivery;
  readonly resolve: (result: AttemptResult) => void;
  readonly reject: (thrown: unknown) => void;
}

/**
 * A transport to what stands in our own tables: each attempt happens in a transaction, whole or not at all. Attempts that
 * begin together share one, since every commit waits for the disk; when one of them throws, each gets its own.
 */
export function openTransactionTransport<Schema>(
  tables: Kysely<Schema>,
  attempt: (transaction: Transaction<Schema>, delivery: Delivery) => Promise<AttemptResult>,
): Transport {
  let begun: Begun[] = [];
  let running = false;

  const together = (batch: readonly Begun[]): Promise<readonly AttemptResult[]> =>
    tables.transaction().execute(async (transaction) => {
      const results: AttemptResult[] = [];
      for (const { delivery } of batch) results.push(await attempt(transaction, delivery));
      return results;
    });

  const alone = async ({ delivery, resolve, reject }: Begun): Promise<void> => {
    await tables
      .transaction()
      .execute((transaction) => attempt(transaction, delivery))
      .then(resolve, reject);
  };

  const run = async (): Promise<void> => {
    for (await nextTurn(); begun.length > 0; await nextTurn()) {
      const batch = begun.slice(0, SHARED_MAX);
      begun = begun.slice(SHARED_MAX);
      try {
        const results = await together(batch);
        for (const [index, { resolve }] of batch.entries()) resolve(results[index] as AttemptResult);
      } catch {
        // Whose fault it was comes out when each is alone.
        for (const each of batch) await alone(each);
      }
    }
    running = false;
  };

  return (delivery) =>
    new Promise((resolve, reject) => {
      begun.push({ delivery, resolve, reject });
      if (!running) void run();
      running = true;
    });
}
