import type { XOpentrailOperations } from "../../aws/index.ts";
import { optional, type PageTokens, Refusal } from "../../core/index.ts";
import type { Journal } from "../../journal/index.ts";
import { backtest, backtestStart } from "../../rules/index.ts";
import { patternOrRefuse } from "../events/pattern-or-refuse.ts";
import type { Call, Operation } from "../operation.ts";

export interface BacktestNeeds {
  readonly journal: Pick<Journal, "head" | "read" | "segments">;
  readonly tokens: PageTokens;
}

type Backtest = XOpentrailOperations["BacktestEventPattern"];

/** Records that one call reads: some hundred milliseconds, in between which others have their turns. */
const RECORDS_PER_CALL = 20_000;
/** As long as event history goes back. */
const PERIOD_MS = 90 * 86_400_000;
const SAMPLES = 10;

/** Where a page ends, as its token tells the next one. Times are those of the first page. */
interface Position {
  readonly fromMs: number;
  readonly toMs: number;
  /** Sequences: where the first page began, where the next one goes on, and what none reaches. */
  readonly first: number;
  readonly next: number;
  readonly end: number;
  readonly samplesLeft: number;
}

/**
 * BacktestEventPattern: how often, on which days and on which events a rule with this pattern would have fired. Each call
 * reads a part of the log, tells what it found in there, and says by its token that there is more.
 * @throws {Refusal} `InvalidEventPatternException`; `InvalidNextTokenException` when the token came from another query;
 * `ValidationException` when the time ends before it begins.
 */
export function backtestOperations(needs: BacktestNeeds): {
  readonly BacktestEventPattern: Operation<Backtest["input"], Backtest["output"], object>;
} {
  return {
    BacktestEventPattern: {
      mutates: false,
      run: async (input, call) => {
        const pattern = patternOrRefuse(input.EventPattern);
        const query = identityOf(input, call);
        const { NextToken } = input;
        const position =
          NextToken === undefined
            ? firstPosition(needs.journal, input, call)
            : openToken(needs.tokens, query, NextToken);
        const { fromMs, toMs, first, end, samplesLeft } = position;
        const { scanned, matched, days, samples, next } = await backtest(needs.journal, {
          pattern,
          seesReads: input.State === "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS",
          account: call.caller.account,
          region: input.AllRegions === true ? undefined : call.region,
          fromMs,
          toMs,
          from: position.next,
          end,
          recordsMax: RECORDS_PER_CALL,
          samplesMax: samplesLeft,
        });
        const rest: Position | undefined =
          next === undefined
            ? undefined
            : {
                ...position,
                next,
                samplesLeft: samplesLeft - samples.length,
              };
        return {
          ScannedEvents: scanned,
          MatchedEvents: matched,
          Days: [...days]
            .toSorted(([one], [other]) => (one < other ? -1 : 1))
            .map(([Date, Count]) => ({ Date, Count })),
          Samples: samples,
          FractionDone: next === undefined ? 1 : (next - first) / (end - first),
          ...optional("NextToken", rest && needs.tokens.seal(query, rest)),
        };
      },
    },
  };
}

function firstPosition(journal: BacktestNeeds["journal"], input: Backtest["input"], call: Call<object>): Position {
  const toMs = input.EndTime?.getTime() ?? call.now;
  const fromMs = input.StartTime?.getTime() ?? toMs - PERIOD_MS;
  if (fromMs > toMs) {
    throw new Refusal(
      "ValidationException",
      "Parameter EndTime is not valid. Reason: StartTime must be before EndTime.",
    );
  }
  const end = journal.head;
  const first = backtestStart(journal, { from: 0, end, fromMs, toMs });
  return { fromMs, toMs, first, next: first, end, samplesLeft: input.MaxSamples ?? SAMPLES };
}

/** All that must be the same on every page. */
function identityOf(input: Backtest["input"], { caller, region }: Call<object>): unknown {
  const { EventPattern, State = null, AllRegions = null, MaxSamples = null, StartTime, EndTime } = input;
  const times = [StartTime?.getTime() ?? null, EndTime?.getTime() ?? null];
  return ["BacktestEventPattern", caller.account, region, EventPattern, State, AllRegions, MaxSamples, ...times];
}

function openToken(tokens: PageTokens, query: unknown, token: string): Position {
  const position = tokens.open(query, token);
  if (position === undefined) throw new Refusal("InvalidNextTokenException", "The token is not valid.");
  // Only we seal positions, and only of this shape.
  return position as Position;
}
