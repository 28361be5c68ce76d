import { Command } from "commander";
import { addClientCommands } from "./cli/index.ts";
import { CONFIG_FLAGS } from "./config.ts";
import { reason } from "./core/index.ts";
import { version } from "./version.ts";

/** The command `opentrail`: `up` runs the server, everything else is a client like any other. */
export async function runCommand(argv: readonly string[]): Promise<void> {
  const program = new Command("opentrail")
    .description("A self-hosted AWS CloudTrail: every API call recorded, provable and searchable.")
    .version(version())
    .addHelpText(
      "after",
      `
Examples:
  opentrail up                                    run the server here
  opentrail lookup --user John --since 2h         what did John do
  opentrail tail --writes                         watch changes as they happen
  opentrail event 2fd02d26-4190-4f15-ae79-164a7b6e8398`,
    );
  addUp(program);
  addClientCommands(program);
  await program.parseAsync([...argv]);
}

function addUp(program: Command): void {
  const up = program
    .command("up")
    .description("run the server")
    .option("--config <file>", "configuration file (default: opentrail.yaml, if there is one; also OPENTRAIL_CONFIG)");
  for (const { flag, variable, help, standard } of CONFIG_FLAGS) {
    up.option(`--${flag} <value>`, `${help} (default: ${standard}; also ${variable})`);
  }
  up.addHelpText(
    "after",
    `
Examples:
  opentrail up
  opentrail up --data /var/lib/opentrail --api 0.0.0.0:4580
  OPENTRAIL_HISTORY_RETENTION_DAYS=365 opentrail up --config /etc/opentrail.yaml

A flag wins over an environment variable, that over the file, that over the default.`,
  );
  up.action(async (flags: Record<string, string | undefined>) => {
    try {
      // Only here, so that the commands that are clients do not wait for a server they do not run.
      const { serve } = await import("./main.ts");
      await serve(flags);
    } catch (thrown) {
      process.stderr.write(`opentrail: ${reason(thrown)}\n`);
      // What was opened before the failure holds nothing that anybody was promised.
      process.exit(1);
    }
  });
}
