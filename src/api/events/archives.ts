import { formatArn, optional, type PageTokens, Refusal } from "../../core/index.ts";
import {
  type Archive,
  archiveOf,
  ARCHIVES_PER_BUS_MAX,
  type BusReference,
  deleteArchive,
  findArchive,
  findBusOrRefuse,
  type KeptArchive,
  listArchives,
  parseBusArn,
  putArchive,
} from "../../rules/index.ts";
import type { EventsCall, EventsFamily } from "./events-operation.ts";
import { invalid, limitExceeded, placeOf } from "./named.ts";
import { behind, oneFilter } from "./list-filters.ts";
import { pageOf } from "./pages.ts";
import { patternOrRefuse } from "./pattern-or-refuse.ts";

export interface ArchiveOperationsNeeds {
  readonly tokens: PageTokens;
  /** Archives have changed; told before the change commits. */
  readonly archivesChanged: () => void;
}

type Names = "CreateArchive" | "DescribeArchive" | "UpdateArchive" | "DeleteArchive" | "ListArchives";

/**
 * CreateArchive, DescribeArchive, UpdateArchive, DeleteArchive and ListArchives. An archive works as soon as it is created:
 * it is always ENABLED.
 * @throws {Refusal} `ResourceAlreadyExistsException`, `ResourceNotFoundException`, `InvalidEventPatternException`,
 * `LimitExceededException`, `ValidationException`.
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateArchive.html
 */
export function archiveOperations({ tokens, archivesChanged }: ArchiveOperationsNeeds): EventsFamily<Names> {
  return {
    CreateArchive: {
      mutates: true,
      resources: ({ ArchiveName, EventSourceArn }, call) => [archiveArn(ArchiveName, call), EventSourceArn],
      run: async (input, call) => {
        const { ArchiveName: name, EventPattern, RetentionDays = 0 } = input;
        const bus = await findBusOrRefuse(call.tables, ownBus(input.EventSourceArn, call));
        if (EventPattern !== undefined) patternOrRefuse(EventPattern);
        const known = await listArchives(call.tables, placeOf(call));
        if (known.some((archive) => archive.name === name)) {
          throw new Refusal("ResourceAlreadyExistsException", `Archive ${name} already exists.`);
        }
        if (known.filter(({ busArn }) => busArn === bus.arn).length >= ARCHIVES_PER_BUS_MAX) throw limitExceeded();
        const archive: Archive = {
          arn: archiveArn(name, call),
          ...placeOf(call),
          name,
          busArn: bus.arn,
          ...optional("description", input.Description),
          ...optional("eventPattern", EventPattern),
          retentionDays: RetentionDays,
          ...optional("kmsKeyIdentifier", input.KmsKeyIdentifier),
          createdAt: call.now,
        };
        await putArchive(call.tables, archive);
        archivesChanged();
        return changeMembers(archive);
      },
    },
    DescribeArchive: {
      mutates: false,
      resources: ({ ArchiveName }, call) => [archiveArn(ArchiveName, call)],
      run: async ({ ArchiveName }, call) => {
        const archive = await existingArchive(ArchiveName, call);
        return {
          ArchiveArn: archive.arn,
          ...listMembers(archive),
          ...optional("Description", archive.description),
          ...optional("EventPattern", archive.eventPattern),
          ...optional("KmsKeyIdentifier", archive.kmsKeyIdentifier),
        };
      },
    },
    UpdateArchive: {
      mutates: true,
      resources: ({ ArchiveName }, call) => [archiveArn(ArchiveName, call)],
      run: async (input, call) => {
        const { ArchiveName, Description, EventPattern, RetentionDays, KmsKeyIdentifier } = input;
        if ([Description, EventPattern, RetentionDays, KmsKeyIdentifier].every((given) => given === undefined)) {
          throw invalid("At least one of EventPattern, RetentionDays or Description must be provided.");
        }
        if (EventPattern !== undefined) patternOrRefuse(EventPattern);
        const archive: Archive = {
          ...archiveOf(await existingArchive(ArchiveName, call)),
          ...optional("description", Description),
          ...optional("eventPattern", EventPattern),
          ...optional("retentionDays", RetentionDays),
          ...optional("kmsKeyIdentifier", KmsKeyIdentifier),
        };
        await putArchive(call.tables, archive);
        archivesChanged();
        return changeMembers(archive);
      },
    },
    DeleteArchive: {
      mutates: true,
      resources: ({ ArchiveName }, call) => [archiveArn(ArchiveName, call)],
      run: async ({ ArchiveName }, call) => {
        await deleteArchive(call.tables, await existingArchive(ArchiveName, call));
        archivesChanged();
        return {};
      },
    },
    ListArchives: {
      mutates: false,
      run: async (input, call) => {
        const { NamePrefix = "", EventSourceArn: source, State: state } = input;
        oneFilter("ListArchives", input);
        const found = (await listArchives(call.tables, placeOf(call))).filter(
          ({ name, busArn }) =>
            name.startsWith(NamePrefix) && (source ?? busArn) === busArn && (state ?? ENABLED) === ENABLED,
        );
        const query = ["ListArchives", placeOf(call), NamePrefix, source, state];
        const { entries, next } = await pageOf(tokens, query, input, behind(found), ({ name }) => name);
        return { Archives: entries.map(listMembers), ...next };
      },
    },
  };
}

const ENABLED = "ENABLED";

function archiveArn(name: string, { caller, region }: EventsCall): string {
  return formatArn("events", region, caller.account, `archive/${name}`);
}

/** @throws {Refusal} `ResourceNotFoundException`. */
async function existingArchive(name: string, call: EventsCall): Promise<KeptArchive> {
  const archive = await findArchive(call.tables, placeOf(call), name);
  if (archive !== undefined) return archive;
  throw new Refusal("ResourceNotFoundException", `Archive ${name} does not exist.`);
}

function ownBus(arn: string, call: EventsCall): BusReference {
  const bus = parseBusArn(arn);
  if (bus === undefined) throw invalid("Parameter EventSourceArn is not valid. Reason: Must contain an event bus ARN.");
  if (bus.region !== call.region) {
    throw invalid("Parameter EventSourceArn is not valid. Reason: Creating cross-region archive is not permitted.");
  }
  if (bus.account !== call.caller.account) {
    throw invalid("Parameter EventSourceArn is not valid. Reason: Creating cross-account archive is not permitted.");
  }
  return bus;
}

function changeMembers({ arn, createdAt }: Archive) {
  return { ArchiveArn: arn, State: ENABLED, CreationTime: new Date(createdAt) };
}

function listMembers({ name, busArn, retentionDays, events, bytes, createdAt }: KeptArchive) {
  return {
    ArchiveName: name,
    EventSourceArn: busArn,
    State: ENABLED,
    RetentionDays: retentionDays,
    SizeBytes: bytes,
    EventCount: events,
    CreationTime: new Date(createdAt),
  };
}
