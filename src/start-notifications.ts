import { join } from "node:path";
import type { Kysely } from "kysely";
import {
  type AlarmEvent,
  type AlarmsSchema,
  type AlarmsTables,
  type MetricDatum,
  openMetrics,
  startAlarms,
} from "./alarms/index.ts";
import {
  type ApiMetrics,
  backtestOperations,
  cloudwatchOperations,
  type ControlSchema,
  deliveryOperations,
  logsOperations,
  logsRefusal,
  type Recorder,
  type ServedService,
  snsOperations,
} from "./api/index.ts";
import { type Catalog, service } from "./aws/index.ts";
import type { Config } from "./config.ts";
import { isoSeconds, optional, type PageTokens, parseArn } from "./core/index.ts";
import {
  addDeliveries,
  type Deliveries,
  type DeliveriesSchema,
  type Delivery,
  startDeliveries,
} from "./deliveries/index.ts";
import type { SecretBox } from "./identity/index.ts";
import type { Journal } from "./journal/index.ts";
import {
  type LogGroupsSchema,
  type NewLogEvent,
  openLogGroups,
  openLogGroupTransport,
  openLogStore,
  withoutWildcard,
  startQueries,
} from "./loggroups/index.ts";
import type { DirectoryObjectStore } from "./store/index.ts";
import {
  type BusEvent,
  busAt,
  openApiDestinationTransport,
  type Rules,
  type RulesSchema,
  type RulesTables,
} from "./rules/index.ts";
import { alarmsTopic, startAllRules } from "./start-rules.ts";
import { openTargets } from "./start-targets.ts";
import { type OpenTopics, openTopics, type TopicsTables } from "./topics/index.ts";
import { noteNotification, type TrailsSchema } from "./trails/index.ts";
import type { World } from "./world.ts";

/** When the newest events of a log group become a segment. */
const LOG_SEGMENTS = { sealBytes: 16 * 1024 * 1024, sealAgeMs: 3_600_000, tailBytesMax: 128 * 1024 * 1024 };

export interface NotificationParts {
  readonly config: Config;
  /** The installation's secret key. */
  readonly key: Uint8Array;
  readonly tables: Kysely<ControlSchema>;
  readonly journal: Journal;
  /** Gets the segments of log groups. */
  readonly objects: DirectoryObjectStore;
  readonly recorder: Recorder;
  readonly box: SecretBox;
  readonly tokens: PageTokens;
  readonly catalog: Catalog;
  readonly metrics: ApiMetrics;
  readonly world: World;
  /** Where others reach the API. */
  readonly publicUrl: () => string;
}

/** Rules, topics, alarms, and the ledger through which all of them reach somebody. */
export interface Notifications {
  readonly services: readonly ServedService[];
  readonly topics: OpenTopics;
  /** The ledger has something new. */
  wake(): void;
  /** Appends to a stream of a log group. @throws {Refusal} when the group is not there. */
  putLogs(groupArn: string, stream: string, events: readonly NewLogEvent[]): Promise<void>;
  /** What of a trail's log group is missing. */
  checkLogGroup(groupArn: string): Promise<"group" | undefined>;
  /** To be called with every change of trails. */
  trailsChanged(): void;
  stats(): Readonly<Record<string, unknown>>;
  close(graceMs: number): Promise<void>;
}

export async function startNotifications(parts: NotificationParts): Promise<Notifications> {
  const { config, key, tables, box, tokens, catalog, world, publicUrl } = parts;
  const { clock, random, log } = world;
  // The ledger's transports lead to the features, and the features write into the ledger: one of them must come first.
  let deliveries: Deliveries | undefined;
  const wake = (): void => deliveries?.wake();
  const targets = await openTargets(config, key, catalog, world);
  const topics = await openTopics({
    tables: tables.$pickTables<keyof TopicsTables>(),
    clock,
    random,
    box,
    publicUrl,
    addDeliveries,
    wake,
  });
  const rules = await startAllRules({ ...parts, topics, marks: targets.marks, wake });
  const measured = await openMetrics({ tables: tables.$pickTables<keyof AlarmsSchema>(), clock, log });
  const alarms = await startAlarms({
    tables: tables.$pickTables<keyof AlarmsTables>(),
    metrics: measured,
    addDeliveries,
    wake,
    clock,
    log,
    onStateChange: async (transaction, event) => {
      const { arn } = busAt(event);
      await rules.dispatch(transaction as unknown as Kysely<RulesTables>, arn, alarmEvent(event));
    },
  });
  const logStore = await openLogStore(
    { directory: join(config.dataDirectory, "loggroups"), objects: parts.objects, clock, random, log },
    LOG_SEGMENTS,
  );
  const logGroups = openLogGroups({
    tables: tables.$pickTables<keyof (LogGroupsSchema & DeliveriesSchema)>(),
    store: logStore,
    clock,
    log,
    recordMetrics: (data) => measured.record(data),
    wake,
  });
  const queries = startQueries({ store: logStore, clock, random, log });
  deliveries = await startDeliveries({
    tables: tables.$pickTables<"deliveries">(),
    transports: {
      ...targets.transports,
      topic: topics.transport,
      bus: rules.transport,
      "log-group": openLogGroupTransport({ tables: tables.$pickTables<keyof LogGroupsSchema>(), groups: logGroups }),
      "api-destination": openApiDestinationTransport({
        tables: tables.$pickTables<keyof RulesSchema>(),
        secrets: box,
        clock,
        request: targets.http,
        mark: (delivery) => targets.marks.mark(delivery),
      }),
    },
    ...world,
    sendDeadLetter: targets.sendDeadLetter,
    onEnded: (delivery, state) => {
      const delivered = state === "delivered";
      measured.record(deliveryMetrics(delivery, delivered, clock.now()));
      tellTrail(parts, delivery, delivered);
    },
  });
  exportMetrics(parts.metrics, deliveries, rules);
  const ledger = deliveries;
  return {
    topics,
    wake,
    services: [
      rules.service,
      {
        model: service("sns"),
        operations: snsOperations({
          topics,
          tokens,
          ...optional("alarmsTopic", alarmsTopic(config)),
        }) as ServedService["operations"],
      },
      {
        model: service("cloudwatch"),
        actionPrefix: "cloudwatch",
        operations: cloudwatchOperations({ metrics: measured, alarms, tokens }) as ServedService["operations"],
      },
      {
        model: service("logs"),
        operations: logsOperations({
          store: logStore,
          groups: logGroups,
          queries,
          tokens,
          random,
        }) as ServedService["operations"],
        refusal: logsRefusal,
      },
      {
        model: service("x-opentrail"),
        operations: {
          ...backtestOperations({ journal: parts.journal, tokens }),
          ...deliveryOperations({ deliveries: ledger, tokens }),
        } as Readonly<Record<string, unknown>> as ServedService["operations"],
      },
    ],
    putLogs: (groupArn, stream, events) => logGroups.put(withoutWildcard(groupArn), stream, events),
    checkLogGroup: async (groupArn) => ((await logGroups.has(withoutWildcard(groupArn))) ? undefined : "group"),
    trailsChanged: () => {
      rules
        .watchBuckets()
        .catch((err: unknown) => log.warn({ err }, "the buckets of trails could not be watched anew"));
    },
    stats: () => ({ rules: rules.stats(), deliveries: ledger.stats(), alarms: alarms.stats() }),
    close: async (graceMs) => {
      await rules.close();
      await ledger.close(graceMs);
      await queries.close();
      await logGroups.close();
      await logStore.close();
      await alarms.close();
      await measured.close();
    },
  };
}

/** @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html */
function alarmEvent({ account, region, alarmArn, time, eventId, detail }: AlarmEvent): BusEvent {
  const envelope = {
    version: "0",
    id: eventId,
    "detail-type": "CloudWatch Alarm State Change",
    source: "aws.cloudwatch",
    account,
    time: isoSeconds(time),
    region,
    resources: [alarmArn],
    detail,
  } as BusEvent["envelope"];
  return { envelope, text: JSON.stringify(envelope), readOnlyManagement: false, hops: 0 };
}

/** As EventBridge and SNS count what they send, on the rule or the topic that sends it. */
function deliveryMetrics({ owner }: Delivery, delivered: boolean, timestamp: number): readonly MetricDatum[] {
  const arn = parseArn(owner);
  if (arn === undefined) return [];
  const { account, region, service: from, resource } = arn;
  const of = { account, region, timestamp, value: 1, unit: "Count" };
  if (from === "events" && resource.startsWith("rule/")) {
    const dimensions = { RuleName: resource.split("/").at(-1) ?? "" };
    const name = delivered ? "Invocations" : "FailedInvocations";
    return [{ ...of, namespace: "AWS/Events", name, dimensions }];
  }
  if (from !== "sns") return [];
  const dimensions = { TopicName: resource.split(":")[0] ?? "" };
  const name = delivered ? "NumberOfNotificationsDelivered" : "NumberOfNotificationsFailed";
  return [{ ...of, namespace: "AWS/SNS", name, dimensions }];
}

/** What a trail's status says of its notifications. */
function tellTrail({ tables, world: { clock, log } }: NotificationParts, delivery: Delivery, delivered: boolean): void {
  const { owner: trailArn, lastError } = delivery;
  if (parseArn(trailArn)?.service !== "cloudtrail") return;
  const attempt = { trailArn, at: clock.now(), ...(delivered ? {} : { error: lastError ?? "InternalError" }) };
  noteNotification(tables.$pickTables<keyof TrailsSchema>(), attempt).catch((err: unknown) =>
    log.warn({ err, trailArn }, "how a notification went could not be noted"),
  );
}

function exportMetrics(metrics: ApiMetrics, deliveries: Deliveries, rules: Rules): void {
  const read = (name: keyof ReturnType<Deliveries["stats"]>) => (): number => deliveries.stats()[name];
  metrics.gauge("opentrail_deliveries_pending", "Deliveries that wait for an attempt.", read("pending"));
  metrics.gauge("opentrail_deliveries_delivered", "Deliveries that arrived since the start.", read("delivered"));
  metrics.gauge("opentrail_deliveries_failed", "Deliveries that were given up since the start.", read("failed"));
  metrics.gauge("opentrail_rules_lag_records", "Durable records that did not go to the rules yet.", () => {
    return rules.stats().lagRecords;
  });
  metrics.gauge("opentrail_rules_matched", "How many times a rule wanted an event since the start.", () => {
    return rules.stats().matched;
  });
  metrics.gauge("opentrail_rules_loops_broken", "Deliveries not made since they would have caused themselves.", () => {
    return rules.stats().loopsBroken;
  });
}
