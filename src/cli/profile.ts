import type { Io } from "./io.ts";

type Section = Readonly<Record<string, string | undefined>>;

/** What the shared files say under the chosen name. */
export interface Profile {
  readonly name: string;
  /** True when a person named it; only then its absence is a mistake. */
  readonly chosen: boolean;
  readonly found: boolean;
  readonly settings: Section;
  /** The section that its `services` names: `cloudtrail.endpoint_url` and the like. */
  readonly services: Section;
}

/** Reads the profile that the flag, else the environment, names; without either that is `default`. */
export async function readProfile(flag: string | undefined, { env }: Io): Promise<Profile> {
  const chosen = flag ?? (env["AWS_PROFILE"] || env["AWS_DEFAULT_PROFILE"] || undefined);
  // Only here: it takes as long to load as all the rest of a command, and the server needs none of it.
  const { loadSharedConfigFiles } = await import("@smithy/shared-ini-file-loader");
  const { configFile, credentialsFile } = await loadSharedConfigFiles(sharedFiles(env));
  const name = chosen ?? "default";
  const settings: Section = { ...configFile[name], ...credentialsFile[name] };
  return {
    name,
    chosen: chosen !== undefined,
    found: name in configFile || name in credentialsFile,
    settings,
    services: configFile[`services.${settings["services"]}`] ?? {},
  };
}

/** Where the shared files are, when the environment says so. */
export function sharedFiles(env: Io["env"]): { filepath?: string; configFilepath?: string; ignoreCache: true } {
  const filepath = env["AWS_SHARED_CREDENTIALS_FILE"];
  const configFilepath = env["AWS_CONFIG_FILE"];
  return { ...(filepath ? { filepath } : {}), ...(configFilepath ? { configFilepath } : {}), ignoreCache: true };
}
