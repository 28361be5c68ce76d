import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ClientCredentials } from "../api/client/index.ts";
import { reason } from "../core/index.ts";
import type { Io } from "./io.ts";
import { type Profile, sharedFiles } from "./profile.ts";
import { UsageError } from "./usage-error.ts";

export interface Credentials {
  /** @throws {UsageError} when there are none, saying how to get some. */
  readonly get: () => Promise<ClientCredentials>;
  /** Where `get` found them, in words. */
  readonly from: () => Promise<string>;
}

/** What a first start of the server writes beside its data, when started in this directory. */
const ROOT_CREDENTIALS = "opentrail-data/root-credentials";
const ROOT_PROFILE = "opentrail-root";

/**
 * Credentials in the order of the `aws` command: a profile named by flag, keys in the environment, a profile named there,
 * then what AWS's default chain finds (SSO, processes, web identities, containers, instances).
 */
export function openCredentials(flag: string | undefined, profile: Profile, io: Io): Credentials {
  const fromEnvironment = flag === undefined ? environmentCredentials(io.env) : undefined;
  if (fromEnvironment !== undefined) {
    return { get: async () => fromEnvironment, from: async () => "AWS_ACCESS_KEY_ID" };
  }
  let provide: (() => Promise<ClientCredentials>) | undefined;
  const get = async (): Promise<ClientCredentials> => {
    if (profile.chosen && !profile.found) throw new UsageError(noSuchProfile(profile.name, io));
    try {
      return await (provide ??= await defaultChain(profile, io))();
    } catch (cause) {
      throw new UsageError(noCredentials(profile, reason(cause), io));
    }
  };
  return { get, from: async () => describeSource(await get(), profile, io) };
}

/** AWS's default chain, which remembers what it found until that expires. */
async function defaultChain(profile: Profile, io: Io): Promise<() => Promise<ClientCredentials>> {
  // Only here: it is slow to load, and keys in the environment need none of it.
  const { defaultProvider } = await import("@aws-sdk/credential-provider-node");
  return defaultProvider({ ...sharedFiles(io.env), ...(profile.chosen ? { profile: profile.name } : {}) });
}

function environmentCredentials(env: Io["env"]): ClientCredentials | undefined {
  const accessKeyId = env["AWS_ACCESS_KEY_ID"];
  const secretAccessKey = env["AWS_SECRET_ACCESS_KEY"];
  const sessionToken = env["AWS_SESSION_TOKEN"] || undefined;
  return accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey, sessionToken } : undefined;
}

function noSuchProfile(name: string, io: Io): string {
  const files = `${credentialsFile(io.env)} or ${io.env["AWS_CONFIG_FILE"] || "~/.aws/config"}`;
  return `there is no profile ${name} in ${files}${rootHint(io)}`;
}

function noCredentials(profile: Profile, cause: string, io: Io): string {
  const hint = rootHint(io) || "; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
  return profile.chosen
    ? `profile ${profile.name} gives no credentials: ${cause}${hint}`
    : `found no AWS credentials${hint}`;
}

/** Never used by itself: who acts as root should know it. */
function rootHint({ cwd }: Io): string {
  const path = join(cwd, ROOT_CREDENTIALS);
  if (!existsSync(path)) return "";
  return `; to act as root: export AWS_SHARED_CREDENTIALS_FILE=${shellWord(path)} AWS_PROFILE=${ROOT_PROFILE}`;
}

function shellWord(text: string): string {
  return /^[\w./@%+=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** The chain leaves `$source` on what it gives, with a mark for each provider that had a part. */
function describeSource(credentials: ClientCredentials, profile: Profile, { env }: Io): string {
  const source = "$source" in credentials ? credentials.$source : undefined;
  const marks = typeof source === "object" && source !== null ? Object.keys(source) : [];
  const named = `profile ${profile.name}`;
  if (marks.some((mark) => mark.includes("SSO"))) return `${named}, single sign-on`;
  if (marks.some((mark) => mark.includes("PROCESS"))) return `${named}, its process`;
  if (marks.some((mark) => mark.startsWith("CREDENTIALS_PROFILE"))) return `${named} in ${credentialsFile(env)}`;
  return marks.length === 0 ? "AWS's default chain" : `AWS's default chain (${marks.join(", ")})`;
}

function credentialsFile(env: Io["env"]): string {
  return env["AWS_SHARED_CREDENTIALS_FILE"] || "~/.aws/credentials";
}
