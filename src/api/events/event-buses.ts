import { optional, Refusal } from "../../core/index.ts";
import * as rules from "../../rules/index.ts";
import type { EventsFamily, RuleOperationsNeeds } from "./events-operation.ts";
import { busNamed, invalid, limitExceeded, placeOf } from "./named.ts";
import { pageOf } from "./pages.ts";
import { onBus, onResource, requestTags } from "./permissions.ts";

type Names = "CreateEventBus" | "DescribeEventBus" | "ListEventBuses" | "UpdateEventBus" | "DeleteEventBus";

/** Of an account in a Region. */
const BUSES_MAX = 100;

/**
 * CreateEventBus, DescribeEventBus, ListEventBuses, UpdateEventBus and DeleteEventBus. The default bus is always there.
 * Buses of partners are not: nobody sends us their events.
 * @throws {Refusal} `ResourceAlreadyExistsException`, `ResourceNotFoundException`, `LimitExceededException`,
 * `ValidationException`.
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateEventBus.html
 */
export function busOperations({ tokens }: RuleOperationsNeeds): EventsFamily<Names> {
  return {
    CreateEventBus: {
      mutates: true,
      ...onBus(
        ({ Name }) => Name,
        ({ Tags }) => requestTags(Tags),
      ),
      run: async (input, call) => {
        const { Name, EventSourceName, Tags = [] } = input;
        if (EventSourceName !== undefined) throw noPartners(EventSourceName);
        if (Name.includes("/"))
          throw invalid(`Event bus name ${Name} is not valid: only partners' buses bear a slash.`);
        const bus = rules.busAt(placeOf(call), Name);
        if ((await rules.findBus(call.tables, bus)) !== undefined) {
          throw new Refusal("ResourceAlreadyExistsException", `Event bus ${Name} already exists.`);
        }
        if ((await rules.listBuses(call.tables, placeOf(call))).length >= BUSES_MAX) throw limitExceeded();
        const settings = settingsOf(input);
        await rules.putBus(call.tables, { ...bus, settings }, call.now);
        await rules.setTags(call.tables, bus.arn, Tags);
        return { EventBusArn: bus.arn, ...settingMembers(settings) };
      },
    },
    DescribeEventBus: {
      mutates: false,
      ...onBus(({ Name }) => Name),
      run: async ({ Name }, call) => {
        const bus = await rules.findBusOrRefuse(call.tables, busNamed(Name, call));
        return { ...busMembers(bus), ...settingMembers(bus.settings) };
      },
    },
    ListEventBuses: {
      mutates: false,
      ...onResource((_, call) => [rules.busAt(placeOf(call), "*").arn]),
      run: async (input, call) => {
        const { NamePrefix: prefix = "" } = input;
        const place = placeOf(call);
        const { entries, next } = await pageOf(
          tokens,
          ["ListEventBuses", place.account, place.region, prefix],
          input,
          async (after = "", limit) => {
            const buses = await rules.listBuses(call.tables, place);
            return buses.filter(({ name }) => name.startsWith(prefix) && name > after).slice(0, limit);
          },
          ({ name }) => name,
        );
        return { EventBuses: entries.map(busMembers), ...next };
      },
    },
    UpdateEventBus: {
      mutates: true,
      ...onBus(({ Name }) => Name),
      run: async (input, call) => {
        const bus = await rules.findBusOrRefuse(call.tables, busNamed(input.Name, call));
        const settings = { ...bus.settings, ...settingsOf(input) };
        await rules.putBus(call.tables, { ...bus, settings }, call.now);
        return { Arn: bus.arn, Name: bus.name, ...settingMembers(settings) };
      },
    },
    DeleteEventBus: {
      mutates: true,
      ...onBus(({ Name }) => Name),
      run: async ({ Name }, call) => {
        const bus = busNamed(Name, call);
        if (bus.name === rules.DEFAULT_BUS) throw invalid(`Cannot delete event bus ${bus.name}.`);
        if ((await rules.countRules(call.tables, bus)) > 0) {
          throw invalid("Event bus can't be deleted since it has rules.");
        }
        // Deleting what is not there succeeds, so that it can be tried again.
        await rules.deleteBus(call.tables, bus);
        return undefined;
      },
    },
  };
}

interface SettingMembers {
  readonly Description?: string | undefined;
  readonly KmsKeyIdentifier?: string | undefined;
  readonly DeadLetterConfig?: { readonly Arn?: string | undefined } | undefined;
  readonly LogConfig?: { readonly IncludeDetail?: string | undefined; readonly Level?: string | undefined } | undefined;
}

function settingsOf({ Description, KmsKeyIdentifier, DeadLetterConfig, LogConfig }: SettingMembers): rules.BusSettings {
  return {
    ...optional("description", Description),
    ...optional("kmsKeyIdentifier", KmsKeyIdentifier),
    ...optional("deadLetterArn", DeadLetterConfig?.Arn),
    ...(LogConfig && {
      logConfig: { ...optional("IncludeDetail", LogConfig.IncludeDetail), ...optional("Level", LogConfig.Level) },
    }),
  };
}

function settingMembers({ description, kmsKeyIdentifier, deadLetterArn, logConfig }: rules.BusSettings) {
  return {
    ...optional("Description", description),
    ...optional("KmsKeyIdentifier", kmsKeyIdentifier),
    ...optional("DeadLetterConfig", deadLetterArn === undefined ? undefined : { Arn: deadLetterArn }),
    ...optional("LogConfig", logConfig),
  };
}

function busMembers({ name, arn, settings, policy, createdAt, modifiedAt }: rules.EventBus) {
  return {
    Name: name,
    Arn: arn,
    ...optional("Description", settings.description),
    ...optional("Policy", policy),
    ...optional("CreationTime", createdAt === undefined ? undefined : new Date(createdAt)),
    ...optional("LastModifiedTime", modifiedAt === undefined ? undefined : new Date(modifiedAt)),
  };
}

function noPartners(source: string): Refusal {
  return new Refusal("ResourceNotFoundException", `Event source ${source} does not exist.`);
}
