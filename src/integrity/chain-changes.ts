import type { Kysely } from "kysely";
import { beginRun, type ChainState, type ChainTimes, endRun, floorSecond, isLate, startBefore } from "./chain.ts";
import { dueAt, readChain, readTrail, waitingTimes, writeChain, writeTrail } from "./chain-tables.ts";
import type { ChainName, DeliveredFile, DigestedTrail } from "./digests.ts";
import type { IntegritySchema } from "./schema.ts";

type Transaction = Kysely<IntegritySchema>;

/** `Digests.trailChanged`. */
export async function trailChanged(
  transaction: Transaction,
  trail: DigestedTrail,
  accounts: readonly string[],
  now: number,
  times: ChainTimes,
): Promise<void> {
  const known = await readTrail(transaction, trail.trailId);
  await writeTrail(transaction, trail, sinceWhen(trail, known, now));
  const covered = (chain: ChainName): boolean =>
    trail.validating && accounts.includes(chain.account) && (trail.multiRegion || chain.region === trail.homeRegion);
  const running = await chainsOf(transaction, trail.trailId);
  for (const chain of running) {
    const change = covered(chain)
      ? (state: ChainState) => (state.run === undefined ? state : beginRun(state, now))
      : endRun;
    await changeChain(transaction, chain, trail.arn, change, times);
  }
  if (!trail.validating) return;
  for (const account of accounts) {
    const home = { trailId: trail.trailId, account, region: trail.homeRegion };
    await changeChain(transaction, home, trail.arn, (state) => beginRun(state, now), times);
  }
}

/** `Digests.fileDelivered`. */
export async function fileDelivered(
  transaction: Transaction,
  chain: ChainName,
  file: DeliveredFile,
  times: ChainTimes,
): Promise<void> {
  const known = await readTrail(transaction, chain.trailId);
  if (known === undefined) return;
  const { trail, since } = known;
  const { state } = await readChain(transaction, chain, "regular", trail.arn);
  if (state.run === undefined && since === null) return;
  await transaction
    .insertInto("digest_files")
    .values({
      trail_id: chain.trailId,
      account_id: chain.account,
      region: chain.region,
      delivered_at: file.deliveredAt,
      file: JSON.stringify(file),
    })
    .execute();
  if (state.run === undefined && since !== null) {
    const start = startBefore(file.deliveredAt, since, times.intervalMs);
    const begun = (was: ChainState): ChainState => beginRun(was, start);
    await changeChain(transaction, chain, trail.arn, trail.validating ? begun : (was) => endRun(begun(was)), times);
  } else if (isLate(state, file.deliveredAt)) {
    await changeChain(transaction, chain, trail.arn, (was) => was, times);
  }
}

function sinceWhen(trail: DigestedTrail, known: Awaited<ReturnType<typeof readTrail>>, now: number): number | null {
  if (trail.validating) return known?.trail.validating === true ? known.since : floorSecond(now);
  const wasToBe = known?.trail.validating === true || known?.trail.logging === false;
  return !trail.logging && wasToBe ? known.since : null;
}

async function chainsOf(transaction: Transaction, trailId: string): Promise<readonly ChainName[]> {
  const rows = await transaction
    .selectFrom("digest_chains")
    .select(["account_id", "region"])
    .where("trail_id", "=", trailId)
    .where("kind", "=", "regular")
    .execute();
  return rows.map(({ account_id: account, region }) => ({ trailId, account, region }));
}

/** Changes a chain's state, and when it is to be looked at. */
async function changeChain(
  transaction: Transaction,
  chain: ChainName,
  arn: string,
  change: (state: ChainState) => ChainState,
  times: ChainTimes,
): Promise<void> {
  const known = await readChain(transaction, chain, "regular", arn);
  const state = change(known.state);
  const waiting = await waitingTimes(transaction, chain);
  const row = { state: JSON.stringify(state), due_at: dueAt(state, waiting?.oldest, times) };
  await writeChain(transaction, chain, "regular", known, row);
}
