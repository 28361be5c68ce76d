import { hkdfSync } from "node:crypto";
import { defaultProvider } from "@aws-sdk/credential-provider-node";
import type { Catalog } from "./aws/index.ts";
import { signingCredentials } from "./capture/index.ts";
import type { Config, TargetSettings } from "./config.ts";
import { Failure } from "./core/index.ts";
import {
  type Delivery,
  type DeliveryKind,
  type DeliveryMarks,
  deliveryMarks,
  type GuardedHttp,
  openAddressGuard,
  openAwsCaller,
  openCommandTransport,
  openDeadLetterQueue,
  openEmailTransport,
  openFunctionTransport,
  openGuardedHttp,
  openHostLookup,
  openHttpTransport,
  openQueueTransport,
  openStreamTransport,
  openTenancy,
  type Transport,
} from "./deliveries/index.ts";
import type { World } from "./world.ts";

/** The operator names those servers: they may lie anywhere. */
const EVERYWHERE = ["0.0.0.0/0", "::/0"];

/** The ways out of the process. */
export interface Targets {
  readonly transports: Readonly<Partial<Record<DeliveryKind, Transport>>>;
  readonly sendDeadLetter: (arn: string, delivery: Delivery, signal: AbortSignal) => Promise<void>;
  readonly marks: DeliveryMarks;
  /** For requests to wherever a caller of the API names. */
  readonly http: GuardedHttp;
}

/** @throws {Failure} when the commands in the configuration cannot be read. */
export async function openTargets(
  { accounts, targets, smtpUrl, smtpFrom }: Config,
  key: Uint8Array,
  catalog: Catalog,
  { clock }: World,
): Promise<Targets> {
  const marks = deliveryMarks(new Uint8Array(hkdfSync("sha256", key, "", "marks of deliveries", 32)), clock);
  const mark = (delivery: Delivery): string => marks.mark(delivery);
  const lookup = openHostLookup(clock);
  const http = openGuardedHttp({ guard: openAddressGuard(targets.allow), lookup });
  const call = openAwsCaller({
    endpoints: { sqs: targets.sqsEndpoint, lambda: targets.lambdaEndpoint, firehose: targets.firehoseEndpoint },
    credentials: await credentialsOf(targets),
    catalog,
    http: openGuardedHttp({ guard: openAddressGuard(EVERYWHERE), lookup }),
    clock,
    mark,
  });
  const tenancy = openTenancy(accounts);
  const sendDeadLetter = openDeadLetterQueue(call);
  return {
    marks,
    http,
    sendDeadLetter: async (arn, delivery, signal) => {
      const why = tenancy.whyNot(delivery, arn);
      if (why !== undefined) throw new Failure(why);
      await sendDeadLetter(arn, delivery, signal);
    },
    transports: {
      http: openHttpTransport({ http, mark }),
      queue: tenancy.guarded(openQueueTransport(call)),
      function: tenancy.guarded(openFunctionTransport(call)),
      stream: tenancy.guarded(openStreamTransport(call)),
      email: openEmailTransport({ smtp: smtpUrl === undefined ? undefined : { url: smtpUrl, from: smtpFrom } }),
      command: tenancy.operatorOnly(openCommandTransport({ commands: parseCommands(targets.commands) })),
    },
  };
}

type CredentialsProvider = Parameters<typeof openAwsCaller>[0]["credentials"];

async function credentialsOf({ credentialsFile, profile }: TargetSettings): Promise<CredentialsProvider> {
  if (credentialsFile === undefined) return defaultProvider();
  const read = await signingCredentials({ file: credentialsFile, profile });
  return async () => read;
}

/** A program and its arguments, by the name that targets use. */
function parseCommands(given: unknown): Readonly<Record<string, readonly string[]>> {
  const commands: unknown = given ?? {};
  if (typeof commands !== "object" || commands === null || Array.isArray(commands)) throw noCommands("it is no map");
  for (const [name, command] of Object.entries(commands) as [string, unknown][]) {
    if (!/^[\w.-]{1,64}$/.test(name)) throw noCommands(`${name} is no name of letters, digits, dots and dashes`);
    const words: readonly unknown[] = Array.isArray(command) ? command : [];
    if (words.length === 0 || !words.every((word) => typeof word === "string")) {
      throw noCommands(`${name} is no list of a program and its arguments`);
    }
  }
  return commands as Readonly<Record<string, readonly string[]>>;
}

function noCommands(why: string): Failure {
  return new Failure(`read targets.commands: ${why}`);
}
