import { customEvent, type EntryError, entrySize, findBus, noSuchBus } from "../../rules/index.ts";
import { HIDDEN } from "../../aws/index.ts";
import { isoSeconds } from "../../core/index.ts";
import type { EventsCall, EventsOperation, RuleOperationsNeeds } from "./events-operation.ts";
import { busNamed, invalid } from "./named.ts";
import { onResource } from "./permissions.ts";

/** All entries of a call together. */
const ENTRIES_BYTES_MAX = 1024 * 1024;

/**
 * PutEvents: what a caller tells of, for the rules of a bus. Each entry fails or is taken by itself; what rules make of it
 * is durable when the call is answered.
 * @throws {Refusal} `ValidationException` when the entries are too large together.
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
 */
export function putEvents(needs: RuleOperationsNeeds): EventsOperation<"PutEvents"> {
  return {
    mutates: true,
    ...onResource(
      ({ Entries }, call) => [...new Set(Entries.map(({ EventBusName }) => busNamed(EventBusName, call).arn))],
      ({ Entries }) => ({
        "events:source": Entries.flatMap(({ Source = [] }) => Source),
        "events:detail-type": Entries.flatMap(({ DetailType = [] }) => DetailType),
      }),
    ),
    recordedInput: (input) => ({
      ...input,
      Entries: input.Entries.map((entry) => (entry.Detail === undefined ? entry : { ...entry, Detail: HIDDEN })),
    }),
    run: async ({ Entries, EndpointId }, call) => {
      if (EndpointId !== undefined) throw invalid(`Endpoint '${EndpointId}' does not exist.`);
      const size = Entries.reduce((sum, entry) => sum + entrySize(entry), 0);
      if (size >= ENTRIES_BYTES_MAX) throw invalid("Total size of the entries in the request is over the limit.");
      const results = [];
      for (const entry of Entries) results.push(await put(entry, call));
      needs.onDeliveries();
      return { FailedEntryCount: results.filter((result) => "ErrorCode" in result).length, Entries: results };
    },
  };

  async function put(
    entry: Parameters<typeof customEvent>[0] & { readonly EventBusName?: string | undefined },
    call: EventsCall,
  ): Promise<{ readonly EventId: string } | EntryError> {
    const bus = busNamed(entry.EventBusName, call);
    if ((await findBus(call.tables, bus)) === undefined) {
      const { code, message } = noSuchBus(bus.name);
      return { ErrorCode: code, ErrorMessage: message };
    }
    const time = isoSeconds(entry.Time?.getTime() ?? call.now);
    const event = customEvent(entry, { bus, account: call.caller.account, id: needs.random.uuid(), time });
    if ("ErrorCode" in event) return event;
    await needs.dispatch(call.tables, bus.arn, event);
    return { EventId: event.envelope.id };
  }
}
