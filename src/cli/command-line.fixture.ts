import { Command } from "commander";
import { addClientCommands } from "./index.ts";

interface RunOptions {
  readonly terminal?: boolean;
  readonly columns?: number;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly now?: number;
}

class Exit extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}

/** Runs `opentrail <words>` to its end; answers its exit code and what it wrote. */
export async function runCommandLine(
  words: string,
  { terminal = false, columns = 90, cwd = "/nowhere", env = {}, now = 0 }: RunOptions = {},
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const written = { out: "", err: "" };
  const output = (to: keyof typeof written) => ({
    isTTY: terminal,
    columns,
    write: (text: string, done?: () => void) => {
      written[to] += text;
      done?.();
    },
  });
  const program = new Command("opentrail").version("1.2.3");
  addClientCommands(program, {
    env: {
      AWS_ACCESS_KEY_ID: "AKIAJOHN",
      AWS_SECRET_ACCESS_KEY: "secret",
      AWS_SHARED_CREDENTIALS_FILE: "/nowhere/credentials",
      AWS_CONFIG_FILE: "/nowhere/config",
      ...env,
    },
    cwd,
    stdout: output("out"),
    stderr: output("err"),
    clock: { now: () => now, elapsed: () => 0 },
    random: { bytes: (count) => new Uint8Array(count), uuid: () => "0" },
    sleep: async () => undefined,
    onInterrupt: () => undefined,
    exit: (code) => {
      throw new Exit(code);
    },
  });
  try {
    await program.parseAsync(["node", "opentrail", ...words.split(" ").filter((word) => word !== "")]);
    return { code: 0, ...written };
  } catch (thrown) {
    if (thrown instanceof Exit) return { code: thrown.code, ...written };
    throw thrown;
  }
}
