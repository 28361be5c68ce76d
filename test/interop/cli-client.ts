import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Answer, AwsClient, AwsError, CallOptions, Output, Parameters, ServiceName } from "./client.ts";
import { signatureOf } from "./client.ts";

/** How the command learns where the server is: the older one knows only the option. */
export type EndpointBy = "option" | "environment";

/**
 * An AWS command line as a user runs it: one process a call, one option a parameter. `--debug` shows what it sent.
 */
export function cliClient(name: string, command: string, endpoint: string, endpointBy: EndpointBy): AwsClient {
  return {
    name,
    call: async (service, operation, parameters, options) => {
      const endpointOption = endpointBy === "option" ? ["--endpoint-url", endpoint] : [];
      const args = [
        service === "s3" ? "s3api" : service,
        kebabCase(operation),
        ...flags(parameters),
        ...endpointOption,
        "--output",
        "json",
        "--debug",
      ];
      const environment = {
        ...credentialVariables(options),
        ...(endpointBy === "environment" ? { AWS_ENDPOINT_URL: endpoint } : {}),
      };
      return answerOf(service, await run(command, args, environment));
    },
    close: () => {},
  };
}

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(command: string, args: readonly string[], environment: NodeJS.ProcessEnv): Promise<Finished> {
  const child = spawn(command, args, { env: { ...environment, PATH: process.env["PATH"] ?? "" } });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

function credentialVariables({ credentials, region }: CallOptions): Record<string, string> {
  return {
    HOME: "/nonexistent",
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    ...(credentials.sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: credentials.sessionToken }),
    AWS_DEFAULT_REGION: region ?? "us-east-1",
    AWS_PAGER: "",
    AWS_MAX_ATTEMPTS: "1",
    AWS_EC2_METADATA_DISABLED: "true",
  };
}

/** Where the command line departs from its rule. */
const OWN_FLAGS: Readonly<Record<string, string>> = {
  Endpoint: "--notification-endpoint",
  AWSAccountId: "--aws-account-id",
};

function flags(parameters: Parameters): readonly string[] {
  // The older line of the command fetches what is written like an address, and would send what it finds there.
  const address = Object.values(parameters).some((value) => typeof value === "string" && /^https?:/.test(value));
  if (address) return ["--cli-input-json", JSON.stringify(parameters)];
  return Object.entries(parameters).flatMap(([member, value]) => {
    const flag = OWN_FLAGS[member] ?? `--${kebabCase(member)}`;
    if (value === true) return [flag];
    if (value === false) return [`--no-${kebabCase(member)}`];
    if (value instanceof Date) return [flag, value.toISOString()];
    if (Array.isArray(value) && !value.some(isDeep)) return [flag, ...value.map(argument)];
    return [flag, Array.isArray(value) || isDeep(value) ? JSON.stringify(value) : argument(value)];
  });
}

/** What the shorthand of the command line has no words for, or would take for the end of a value. */
function isDeep(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some((inner) => typeof inner === "object" || /[,"{[]/.test(String(inner)));
}

/** As people type it: `AttributeKey=EventName,AttributeValue=CreateUser`. */
function argument(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  return Object.entries(value)
    .map(([member, inner]) => `${member}=${String(inner)}`)
    .join(",");
}

/** `SAMLProviderArn` is not among what we ask for, so runs of capitals need no rule of their own. */
function kebabCase(name: string): string {
  return name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, "-").toLowerCase();
}

function answerOf(service: ServiceName, { code, stdout, stderr }: Finished): Answer {
  const sent = {
    requestId: lastMatch(stderr, /'x-amzn?-Request-?Id': '([^']+)'/gi) ?? "",
    userAgent: lastMatch(stderr, /Sending http request:.*?'User-Agent': b'([^']+)'/g) ?? "",
    signatures: [...stderr.matchAll(/Sending http request:.*?'Authorization': b'([^']+)'/g)].map(([, header = ""]) =>
      signatureOf(header),
    ),
  };
  if (sent.signatures.length === 0) throw new Error(`aws ${service} sent nothing:\n${stderr.slice(-2000)}`);
  if (code === 0) return { ...sent, output: (stdout === "" ? {} : JSON.parse(stdout)) as Output };
  return { ...sent, error: errorOf(stderr) };
}

function errorOf(stderr: string): AwsError {
  const told =
    /^(?:aws: \[ERROR\]: )?An error occurred \((\w+)\) when calling the \w+ operation(?: \(reached max retries: \d\))?: ([^\n]*(?:\n at [^\n]*)?)/gm;
  const [, code, message] = [...stderr.matchAll(told)].at(-1) ?? [];
  if (code === undefined || message === undefined) throw new Error(`no AWS error in:\n${stderr.slice(-2000)}`);
  return { code, message };
}

function lastMatch(text: string, pattern: RegExp): string | undefined {
  return [...text.matchAll(pattern)].at(-1)?.[1];
}
