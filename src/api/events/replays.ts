import { formatArn, optional, type PageTokens, parseArn, Refusal } from "../../core/index.ts";
import {
  findArchive,
  findReplay,
  type KeptArchive,
  listReplays,
  parseBusArn,
  putReplay,
  type Replay,
  REPLAY_UNDER_WAY,
  REPLAYS_UNDER_WAY_MAX,
} from "../../rules/index.ts";
import type { EventsCall, EventsFamily } from "./events-operation.ts";
import { existingBus, invalid, limitExceeded, placeOf } from "./named.ts";
import { behind, oneFilter } from "./list-filters.ts";
import { pageOf } from "./pages.ts";

export interface ReplayOperationsNeeds {
  readonly tokens: PageTokens;
  /** Replays were started or cancelled; told before the change commits. */
  readonly replaysChanged: () => void;
}

type Names = "StartReplay" | "DescribeReplay" | "CancelReplay" | "ListReplays";

/**
 * StartReplay, DescribeReplay, CancelReplay and ListReplays. A replay's name is free again after 90 days.
 * @throws {Refusal} `ResourceAlreadyExistsException`, `ResourceNotFoundException`, `IllegalStatusException`,
 * `LimitExceededException`, `ValidationException`.
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_StartReplay.html
 */
export function replayOperations({ tokens, replaysChanged }: ReplayOperationsNeeds): EventsFamily<Names> {
  return {
    StartReplay: {
      mutates: true,
      resources: ({ ReplayName, EventSourceArn, Destination }, call) => [
        replayArn(ReplayName, call),
        EventSourceArn,
        Destination.Arn,
      ],
      run: async (input, call) => {
        const { ReplayName: name, Description, EventStartTime, EventEndTime, Destination } = input;
        await checkDestination(Destination.Arn, call);
        const archive = await archiveNamed(input.EventSourceArn, call);
        if (Destination.Arn !== archive.busArn) {
          throw notValid("Destination.Arn", "Cross event bus replay is not permitted.");
        }
        if (EventStartTime >= EventEndTime)
          throw notValid("EventEndTime", "EventStartTime must be before EventEndTime.");
        const known = await listReplays(call.tables, placeOf(call));
        if (known.some((replay) => replay.name === name)) {
          throw new Refusal("ResourceAlreadyExistsException", `Replay ${name} already exists.`);
        }
        if (known.filter(isUnderWay).length >= REPLAYS_UNDER_WAY_MAX) throw limitExceeded();
        const replay: Replay = {
          arn: replayArn(name, call),
          ...placeOf(call),
          name,
          ...optional("description", Description),
          archiveArn: archive.arn,
          archiveId: archive.id,
          busArn: archive.busArn,
          // None is all of them.
          ...optional("ruleArns", Destination.FilterArns?.length === 0 ? undefined : Destination.FilterArns),
          fromMs: EventStartTime.getTime(),
          toMs: EventEndTime.getTime(),
          state: "STARTING",
          startedAt: call.now,
        };
        await putReplay(call.tables, replay);
        replaysChanged();
        return { ReplayArn: replay.arn, State: replay.state, ReplayStartTime: new Date(call.now) };
      },
    },
    DescribeReplay: {
      mutates: false,
      resources: ({ ReplayName }, call) => [replayArn(ReplayName, call)],
      run: async ({ ReplayName }, call) => {
        const replay = await existingReplay(ReplayName, call);
        return {
          ReplayArn: replay.arn,
          ...listMembers(replay),
          ...optional("Description", replay.description),
          Destination: { Arn: replay.busArn, ...optional("FilterArns", replay.ruleArns) },
        };
      },
    },
    CancelReplay: {
      mutates: true,
      resources: ({ ReplayName }, call) => [replayArn(ReplayName, call)],
      run: async ({ ReplayName }, call) => {
        const replay = await existingReplay(ReplayName, call);
        if (replay.state !== "STARTING" && replay.state !== "RUNNING") {
          const told = `Replay ${ReplayName} is not in a valid state for this operation.`;
          throw new Refusal("IllegalStatusException", told);
        }
        await putReplay(call.tables, { ...replay, state: "CANCELLING" });
        replaysChanged();
        return { ReplayArn: replay.arn, State: "CANCELLING" };
      },
    },
    ListReplays: {
      mutates: false,
      run: async (input, call) => {
        const { NamePrefix = "", EventSourceArn: source, State } = input;
        oneFilter("ListReplays", input);
        const found = (await listReplays(call.tables, placeOf(call))).filter(
          ({ name, archiveArn, state }) =>
            name.startsWith(NamePrefix) && (source ?? archiveArn) === archiveArn && (State ?? state) === state,
        );
        const query = ["ListReplays", placeOf(call), NamePrefix, source, State];
        const { entries, next } = await pageOf(tokens, query, input, behind(found), ({ name }) => name);
        return { Replays: entries.map(listMembers), ...next };
      },
    },
  };
}

function replayArn(name: string, { caller, region }: EventsCall): string {
  return formatArn("events", region, caller.account, `replay/${name}`);
}

function isUnderWay({ state }: Replay): boolean {
  return REPLAY_UNDER_WAY.includes(state);
}

/** @throws {Refusal} `ResourceNotFoundException`. */
async function existingReplay(name: string, call: EventsCall): Promise<Replay> {
  const replay = await findReplay(call.tables, placeOf(call), name);
  if (replay !== undefined) return replay;
  throw new Refusal("ResourceNotFoundException", `Replay ${name} does not exist.`);
}

async function checkDestination(arn: string, call: EventsCall): Promise<void> {
  if (parseBusArn(arn) === undefined) throw notValid("Destination.Arn", "Must contain an event bus ARN.");
  await existingBus(arn, call);
}

async function archiveNamed(arn: string, call: EventsCall): Promise<KeptArchive> {
  const named = parseArn(arn);
  const name = /^archive\/([^/]+)$/.exec(named?.resource ?? "")?.[1];
  if (named?.service !== "events" || name === undefined)
    throw notValid("EventSourceArn", "Must contain an archive ARN.");
  const { account, region } = placeOf(call);
  const own = named.account === account && named.region === region;
  const archive = own ? await findArchive(call.tables, { account, region }, name) : undefined;
  if (archive === undefined) throw notValid("EventSourceArn", `Archive ${name} does not exist.`);
  return archive;
}

function notValid(parameter: string, why: string): Refusal {
  return invalid(`Parameter ${parameter} is not valid. Reason: ${why}`);
}

function listMembers({ name, archiveArn, state, stateReason, fromMs, toMs, sent, startedAt, endedAt }: Replay) {
  return {
    ReplayName: name,
    EventSourceArn: archiveArn,
    State: state,
    ...optional("StateReason", stateReason),
    EventStartTime: new Date(fromMs),
    EventEndTime: new Date(toMs),
    ...optional("EventLastReplayedTime", dateOf(sent?.timeMs)),
    ReplayStartTime: new Date(startedAt),
    ...optional("ReplayEndTime", dateOf(endedAt)),
  };
}

function dateOf(ms: number | undefined): Date | undefined {
  return ms === undefined ? undefined : new Date(ms);
}
