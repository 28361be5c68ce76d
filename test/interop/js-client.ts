import * as cloudtrail from "@aws-sdk/client-cloudtrail";
import * as logs from "@aws-sdk/client-cloudwatch-logs";
import * as events from "@aws-sdk/client-eventbridge";
import * as iam from "@aws-sdk/client-iam";
import * as s3 from "@aws-sdk/client-s3";
import * as sns from "@aws-sdk/client-sns";
import * as sts from "@aws-sdk/client-sts";
import type { Answer, AwsClient, AwsError, CallOptions, Output } from "./client.ts";
import { signatureOf } from "./client.ts";

/** What we use of any client of the SDK. */
interface SdkClient {
  send(command: object): Promise<{ readonly $metadata: { readonly requestId?: string } }>;
  destroy(): void;
  readonly middlewareStack: {
    add(middleware: (next: Handler) => Handler, options: { readonly step: "deserialize"; readonly name: string }): void;
  };
}
type Handler = (args: { readonly request: { readonly headers: Readonly<Record<string, string>> } }) => Promise<unknown>;

type Module = Readonly<Record<string, unknown>>;
const MODULES: Readonly<Record<string, readonly [module: Module, client: string]>> = {
  cloudtrail: [cloudtrail, "CloudTrailClient"],
  events: [events, "EventBridgeClient"],
  iam: [iam, "IAMClient"],
  logs: [logs, "CloudWatchLogsClient"],
  s3: [s3, "S3Client"],
  sns: [sns, "SNSClient"],
  sts: [sts, "STSClient"],
};

/** AWS SDK for JavaScript v3, in this process; a client of its own for each call, since credentials change. */
export function jsClient(endpoint: string): AwsClient {
  return {
    name: "AWS SDK for JavaScript",
    call: async (service, operation, parameters, options) => {
      const [module, className] = MODULES[service] ?? [];
      if (module === undefined || className === undefined) throw new Error(`no package for ${service} is installed`);
      const client = construct<SdkClient>(module, className, configuration(endpoint, options));
      const sent = { userAgent: "", signatures: [] as string[] };
      client.middlewareStack.add(
        (next) => (args) => {
          const { headers } = args.request;
          sent.userAgent = headers["user-agent"] ?? "";
          sent.signatures.push(signatureOf(headers["authorization"] ?? ""));
          return next(args);
        },
        { step: "deserialize", name: "seeWhatIsSent" },
      );
      try {
        const { $metadata, ...output } = await client.send(
          construct<object>(module, `${operation}Command`, parameters),
        );
        return { ...sent, requestId: $metadata.requestId ?? "", output: plain(output) };
      } catch (thrown) {
        return { ...sent, ...refused(thrown) };
      } finally {
        client.destroy();
      }
    },
    close: () => {},
  };
}

function configuration(endpoint: string, { credentials, region, skewSeconds }: CallOptions): object {
  return {
    endpoint,
    credentials,
    region: region ?? "us-east-1",
    forcePathStyle: true,
    maxAttempts: 1,
    systemClockOffset: (skewSeconds ?? 0) * 1000,
  };
}

function construct<Made>(module: Module, name: string, argument: unknown): Made {
  const constructor = module[name] as (new (argument: unknown) => Made) | undefined;
  if (constructor === undefined) throw new Error(`the SDK has no ${name}`);
  return new constructor(argument);
}

/** Times become texts, as the other clients tell them. */
function plain(output: unknown): Output {
  return JSON.parse(JSON.stringify(output)) as Output;
}

interface SdkError extends Error {
  /** The code as it stood on the wire, where the class has another name. */
  readonly Code?: string;
  readonly $metadata?: { readonly requestId?: string; readonly httpStatusCode?: number };
}

function refused(thrown: unknown): Pick<Answer, "requestId"> & { readonly error: AwsError } {
  const { Code, name, message, $metadata } = thrown as SdkError;
  if ($metadata?.httpStatusCode === undefined) throw thrown;
  return {
    requestId: $metadata.requestId ?? "",
    error: { code: Code ?? name, message, status: $metadata.httpStatusCode, thrownAs: name },
  };
}
