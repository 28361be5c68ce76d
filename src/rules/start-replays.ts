import type { Kysely } from "kysely";
import { type Clock, optional } from "../core/index.ts";
import { findArchive } from "./archives.ts";
import type { DispatchEvent, RulesTables } from "./events.ts";
import type { Replay, ReplayState } from "./replay.ts";
import { nextEvents, type ReplayedEvent, type ReplayEventsNeeds } from "./replay-events.ts";
import { findReplay, putReplay, replaysUnderWay } from "./replays.ts";
import { startTurns, type TurnsLog } from "./turns.ts";

export interface ReplaysNeeds extends Omit<ReplayEventsNeeds, "tables"> {
  readonly tables: Kysely<RulesTables>;
  readonly dispatch: DispatchEvent;
  /** Deliveries were written and committed. */
  readonly onDeliveries: () => void;
  readonly clock: Clock;
  readonly log: TurnsLog;
}

export interface RunningReplays {
  /** Replays were started or cancelled. */
  changed(): void;
  /** What is under way goes on from its place at the next start. */
  close(): Promise<void>;
}

/** Events that are sent in one transaction. */
const STEP_EVENTS = 100;
const TICK_MS = 1000;

/**
 * Runs replays, each a few events at a time, until they are over. A replay's place is kept in the transaction of its
 * deliveries: after a crash no event was sent twice and none is left out.
 */
export function startReplays(needs: ReplaysNeeds): RunningReplays {
  const turns = startTurns(() => replayStep(needs), TICK_MS, needs.log, "replaying events");
  return { changed: () => turns.wake(), close: () => turns.close() };
}

/** One step of each replay that is under way; answers whether there was any. */
export async function replayStep(needs: ReplaysNeeds): Promise<boolean> {
  const replays = await replaysUnderWay(needs.tables);
  for (const replay of replays) {
    const events = replay.state === "CANCELLING" ? [] : await nextEvents(needs, replay, STEP_EVENTS);
    await needs.tables.transaction().execute((transaction) => send(needs, transaction, replay, events));
    needs.onDeliveries();
  }
  return replays.length > 0;
}

async function send(
  { dispatch, clock }: ReplaysNeeds,
  transaction: Kysely<RulesTables>,
  read: Replay,
  events: readonly ReplayedEvent[],
): Promise<void> {
  // It may have been cancelled while its events were read.
  const replay = (await findReplay(transaction, read, read.name)) ?? read;
  const archive = await findArchive(transaction, replay, replay.archiveArn.split("/").at(-1) ?? "");
  if (replay.state === "CANCELLING") return putReplay(transaction, ended(replay, "CANCELLED", clock));
  if (archive?.id !== replay.archiveId) {
    return putReplay(transaction, { ...ended(replay, "FAILED", clock), stateReason: "The archive does not exist." });
  }
  const only = { replayName: replay.name, ...optional("ruleArns", replay.ruleArns) };
  for (const { event } of events) if (event !== undefined) await dispatch(transaction, replay.busArn, event, only);
  const last = events.at(-1);
  const sent = last === undefined ? replay.sent : { timeMs: last.timeMs, archivedId: last.archivedId };
  const moved: Replay = { ...replay, state: "RUNNING", ...optional("sent", sent) };
  await putReplay(transaction, events.length < STEP_EVENTS ? ended(moved, "COMPLETED", clock) : moved);
}

function ended(replay: Replay, state: ReplayState, clock: Clock): Replay {
  return { ...replay, state, endedAt: clock.now() };
}
