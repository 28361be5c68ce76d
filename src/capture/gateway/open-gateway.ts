import { readFileSync } from "node:fs";
import { loadSharedConfigFiles } from "@smithy/shared-ini-file-loader";
import type { SigningCredentials } from "../../aws/index.ts";
import { ByteBudget, Failure } from "../../core/index.ts";
import { Gateway, type GatewayNeeds, type OpenRoute } from "./gateway.ts";
import type { Route, RouteCredentials, UpstreamTls } from "./routes.ts";
import type { UpstreamOptions } from "./upstream.ts";
import { openUpstream } from "./upstream-pool.ts";

/** The gateway, and how to end it. */
export interface RunningGateway {
  readonly gateway: Gateway;
  /** To be called when no call is under way. */
  close(): Promise<void>;
}

/** What is to be known before the gateway takes its first call. */
export interface GatewayOptions extends Omit<GatewayNeeds, "routes" | "bodies"> {
  readonly routes: readonly Route[];
}

/** Request bodies that are gathered at once. */
const BODIES_BYTES = 256 * 1024 * 1024;

/** @throws {Failure} that names the route whose files cannot be read. */
export async function openGateway(options: GatewayOptions): Promise<RunningGateway> {
  const routes = await Promise.all(options.routes.map(openRoute));
  const gateway = new Gateway({ ...options, routes, bodies: new ByteBudget(BODIES_BYTES) });
  return {
    gateway,
    close: async () => {
      await Promise.all(routes.map(({ upstream }) => upstream.close()));
    },
  };
}

async function openRoute(route: Route): Promise<OpenRoute> {
  try {
    const upstream = openUpstream({
      url: route.upstream.origin,
      tls: upstreamTls(route.tls),
      connectTimeoutMs: route.connectMs,
      headersTimeoutMs: route.answerMs,
      idleTimeoutMs: route.answerMs,
      connectionsMax: route.connectionsMax,
    });
    const signing = route.credentials === undefined ? undefined : await signingCredentials(route.credentials);
    return { route, upstream, ...(signing === undefined || route.mode !== "enforce" ? {} : { signing }) };
  } catch (cause) {
    throw new Failure(`open the route ${route.name}`, cause);
  }
}

function upstreamTls({ ca, certificate, key, serverName, verify }: UpstreamTls): NonNullable<UpstreamOptions["tls"]> {
  return {
    rejectUnauthorized: verify,
    ...(ca === undefined ? {} : { ca: readFileSync(ca, "utf8") }),
    ...(certificate === undefined ? {} : { cert: readFileSync(certificate, "utf8") }),
    ...(key === undefined ? {} : { key: readFileSync(key, "utf8") }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
}

/** @throws {Error} that names the file and what it lacks. */
export async function signingCredentials(credentials: RouteCredentials): Promise<SigningCredentials> {
  if (!("file" in credentials)) return credentials;
  const { file, profile } = credentials;
  readFileSync(file);
  const { credentialsFile } = await loadSharedConfigFiles({ filepath: file, configFilepath: file, ignoreCache: true });
  const found = credentialsFile[profile];
  const accessKeyId = found?.["aws_access_key_id"];
  const secretAccessKey = found?.["aws_secret_access_key"];
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new Error(`${file} has no profile ${profile} with aws_access_key_id and aws_secret_access_key`);
  }
  const sessionToken = found?.["aws_session_token"];
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}
