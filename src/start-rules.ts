import type { Kysely } from "kysely";
import { type ControlSchema, eventsOperations, type Recorder, type ServedService } from "./api/index.ts";
import { service } from "./aws/index.ts";
import type { Config } from "./config.ts";
import { formatArn, type PageTokens } from "./core/index.ts";
import { addDeliveries, type DeliveryMarks } from "./deliveries/index.ts";
import type { SecretBox } from "./identity/index.ts";
import { type Journal, type JournalEntry, parseRecord } from "./journal/index.ts";
import { type AuditRecord, serviceEventRecord } from "./record/index.ts";
import {
  BLINDNESS_PREFIX,
  blindnessRules,
  keepRule,
  recordedEvent,
  type Rules,
  type RulesSchema,
  type RulesTables,
  startArchives,
  startReplays,
  startRules,
  startSchedules,
} from "./rules/index.ts";
import type { OpenTopics, TopicsSchema } from "./topics/index.ts";
import type { World } from "./world.ts";

/** A loop is told of no more often. */
const LOOP_TOLD_EVERY_MS = 3_600_000;

/** Whom OpenTrail's own rules call. */
const ALARMS_TOPIC = "opentrail-alarms";

export interface RulesParts {
  readonly config: Config;
  readonly tables: Kysely<ControlSchema>;
  readonly journal: Journal;
  readonly recorder: Recorder;
  readonly box: SecretBox;
  readonly tokens: PageTokens;
  readonly topics: OpenTopics;
  readonly marks: DeliveryMarks;
  readonly world: World;
  /** The ledger has something new. */
  readonly wake: () => void;
}

export interface RunningRules extends Rules {
  readonly service: ServedService;
  /** Buckets of trails may have changed: OpenTrail's own rules watch them. */
  watchBuckets(): Promise<void>;
}

/** Sends what is recorded, and what is put onto buses, to the rules. */
export async function startAllRules(parts: RulesParts): Promise<RunningRules> {
  const { config, tables, journal, box, tokens, marks, world, wake } = parts;
  const { clock, random, log } = world;
  const rulesTables = tables.$pickTables<keyof RulesTables>();
  const hopsOf = (record: AuditRecord): number => {
    const data = record.additionalEventData as { readonly opentrailDelivery?: unknown } | null | undefined;
    return marks.hopsOf(data?.opentrailDelivery, Date.parse(record.eventTime));
  };
  const archives = startArchives({ tables: rulesTables, clock, log });
  const rules = await startRules({
    journal,
    tables: rulesTables,
    clock,
    log,
    addDeliveries,
    onDeliveries: wake,
    hopsOf,
    onLoop: loopTeller(parts),
    archives,
  });
  const { dispatch, fire } = rules;
  const eventOf = (entry: JournalEntry): ReturnType<typeof recordedEvent> => {
    const record = parseRecord(entry.bytes);
    return record && recordedEvent(record, entry, hopsOf(record));
  };
  const replays = startReplays({ tables: rulesTables, journal, dispatch, eventOf, onDeliveries: wake, clock, log });
  const schedules = startSchedules({ tables: rulesTables, fire, onDeliveries: wake, clock, random, log });
  const watchBuckets = (): Promise<void> =>
    config.blindnessRules ? watchForBlindness(parts, rules) : Promise.resolve();
  await watchBuckets();
  const changed = (): void => {
    rules.changed();
    schedules.changed();
  };
  return {
    ...rules,
    watchBuckets,
    service: {
      model: service("events"),
      operations: eventsOperations({
        random,
        tokens,
        dispatch,
        secrets: box,
        changed,
        archivesChanged: () => archives.changed(),
        replaysChanged: () => replays.changed(),
        onDeliveries: wake,
      }) as ServedService["operations"],
    },
    close: async () => {
      await schedules.close();
      await replays.close();
      await rules.close();
      await archives.close();
    },
  };
}

/** The topic that OpenTrail's own rules call; undefined when there are none. */
export function alarmsTopic({ blindnessRules: watched, region, accounts: [account] }: Config): string | undefined {
  return watched ? formatArn("sns", region, account, ALARMS_TOPIC) : undefined;
}

/** Tells in the log that a rule's target causes what the rule matches. */
function loopTeller({ recorder, config, world: { clock, random, log } }: RulesParts): (ruleArn: string) => void {
  const told = new Map<string, number>();
  return (ruleArn) => {
    const now = clock.now();
    if (now - (told.get(ruleArn) ?? -Infinity) < LOOP_TOLD_EVERY_MS) return;
    told.set(ruleArn, now);
    log.warn({ ruleArn }, "a rule's target causes what the rule matches: it is not called any more for that");
    const [account] = config.accounts;
    const event = { eventName: "RuleLoopBroken", eventID: random.uuid(), timeMs: now, account, region: config.region };
    recorder
      .record([serviceEventRecord({ ...event, details: { ruleArn } })])
      .catch((err: unknown) => log.error({ err, ruleArn }, "a broken loop could not be recorded"));
  };
}

/** Keeps OpenTrail's own topic and the rules that call it. */
async function watchForBlindness(
  { config, tables, topics, world: { clock } }: RulesParts,
  rules: Rules,
): Promise<void> {
  const place = { account: config.accounts[0], region: config.region };
  await tables.transaction().execute(async (transaction) => {
    const rows = await transaction.selectFrom("trails").select("trail").orderBy("trail_id").execute();
    const buckets = rows.map(({ trail }) => (JSON.parse(trail) as { settings: { bucket: string } }).settings.bucket);
    const topicArn = formatArn("sns", place.region, place.account, ALARMS_TOPIC);
    const known = await transaction
      .selectFrom("topics")
      .select("topic_arn")
      .where("topic_arn", "=", topicArn)
      .executeTakeFirst();
    if (known === undefined) {
      const attributes = { Policy: alarmsPolicy(place, topicArn) };
      await topics.create(
        transaction.$pickTables<keyof TopicsSchema>(),
        { ...place, name: ALARMS_TOPIC, attributes },
        clock.now(),
      );
    }
    for (const { rule, targets } of blindnessRules({ ...place, topicArn, buckets: [...new Set(buckets)] })) {
      await keepRule(transaction.$pickTables<keyof RulesSchema>(), rule, targets);
    }
  });
  rules.changed();
}

function alarmsPolicy({ account, region }: { account: string; region: string }, topicArn: string): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "Owner",
        Effect: "Allow",
        Principal: { AWS: `arn:aws:iam::${account}:root` },
        Action: ["sns:GetTopicAttributes", "sns:Publish", "sns:Subscribe", "sns:ListSubscriptionsByTopic"],
        Resource: topicArn,
      },
      {
        Sid: "OpenTrailRules",
        Effect: "Allow",
        Principal: { Service: "events.amazonaws.com" },
        Action: "sns:Publish",
        Resource: topicArn,
        Condition: { ArnLike: { "aws:SourceArn": `arn:aws:events:${region}:${account}:rule/${BLINDNESS_PREFIX}*` } },
      },
    ],
  });
}
