import { type Client, createClient } from "../api/client/index.ts";
import { type Credentials, openCredentials } from "./credentials.ts";
import type { Io } from "./io.ts";
import { type Profile, readProfile } from "./profile.ts";
import { UsageError } from "./usage-error.ts";

/** What every command takes, as the `aws` command does. */
export interface SessionOptions {
  readonly profile?: string;
  readonly region?: string;
  readonly endpointUrl?: string;
}

/** A value and where it was found, for people who wonder. */
interface Setting {
  readonly value: string;
  readonly from: string;
}

/** Where to call, in which Region, as whom. */
export interface Session {
  readonly region: Setting;
  endpoint(service: ServiceName | "s3"): Setting;
  readonly credentials: Credentials;
  /** In the session's Region, or another. */
  client(service: ServiceName, otherRegion?: string): Client;
}

type ServiceName = "cloudtrail" | "s3" | "sts" | "x-opentrail";

const ENDPOINT_STANDARD = "http://127.0.0.1:4580";
const REGION_STANDARD = "us-east-1";

/**
 * Reads flags, `AWS_*` variables and the profile as AWS's tools do.
 * @throws {UsageError} when the profile or the endpoint cannot be.
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html for the order of endpoints.
 */
export async function openSession(options: SessionOptions, io: Io, userAgent: string): Promise<Session> {
  const profile = await readProfile(options.profile, io);
  const region = first([
    ["--region", options.region],
    ["AWS_REGION", io.env["AWS_REGION"]],
    ["AWS_DEFAULT_REGION", io.env["AWS_DEFAULT_REGION"]],
    [`profile ${profile.name}`, profile.settings["region"]],
  ]) ?? { value: REGION_STANDARD, from: "the default" };
  const endpoint = (service: ServiceName | "s3"): Setting =>
    first([["--endpoint-url", options.endpointUrl], ...configuredEndpoints(service, profile, io)]) ?? {
      value: ENDPOINT_STANDARD,
      from: "the default",
    };
  const credentials = openCredentials(options.profile, profile, io);
  return {
    region,
    endpoint,
    credentials,
    client: (service, otherRegion = region.value) =>
      createClient(
        {
          endpoint: parseEndpoint(endpoint(service)),
          region: otherRegion,
          credentials: credentials.get,
          clock: io.clock,
          random: io.random,
        },
        { userAgent },
      ),
  };
}

function configuredEndpoints(service: string, { name, settings, services }: Profile, { env }: Io): Candidate[] {
  const ignore = env["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] ?? settings["ignore_configured_endpoint_urls"];
  if (ignore?.toLowerCase() === "true") return [];
  const variable = `AWS_ENDPOINT_URL_${service.toUpperCase().replaceAll("-", "_")}`;
  return [
    [variable, env[variable]],
    ["AWS_ENDPOINT_URL", env["AWS_ENDPOINT_URL"]],
    [`services ${settings["services"]}`, services[`${service}.endpoint_url`]],
    [`profile ${name}`, settings["endpoint_url"]],
  ];
}

type Candidate = readonly [from: string, value: string | undefined];

/** An empty variable is an absent one. */
function first(candidates: readonly Candidate[]): Setting | undefined {
  for (const [from, value] of candidates) if (value) return { value, from };
  return undefined;
}

function parseEndpoint({ value, from }: Setting): URL {
  const url = URL.parse(value);
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    throw new UsageError(`the endpoint ${value} (from ${from}) is not a URL such as ${ENDPOINT_STANDARD}`);
  }
  return url;
}
