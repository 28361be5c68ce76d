import type { Command } from "commander";
import type { Io } from "./io.ts";
import { printable } from "./printable.ts";
import { addCommonOptions, type CommonOptions, type Context, EXIT, runCommand } from "./run-command.ts";
import { padText } from "./text-width.ts";

const EXAMPLES = ["opentrail whoami", "opentrail whoami --profile John --json"];

export function addWhoami(program: Command, io: Io): void {
  const command = program
    .command("whoami")
    .description("show as whom, and to which server, commands speak")
    .option("--json", "as one JSON object");
  addCommonOptions(command, EXAMPLES).action((options: CommonOptions) =>
    runCommand(command, io, (context) => whoami(options, context)),
  );
}

async function whoami(options: CommonOptions, { session, style, print }: Context): Promise<number> {
  const { output } = await session.client("sts").call("sts", "GetCallerIdentity", {});
  const { accessKeyId } = await session.credentials.get();
  const source = await session.credentials.from();
  const endpoints = [session.endpoint("cloudtrail"), session.endpoint("sts")];
  const [cloudtrail, sts] = endpoints.map(({ value, from }) => `${value} (${from})`);
  const { value: region, from } = session.region;
  const facts: readonly (readonly [string, string])[] = [
    ["Account", output.Account ?? ""],
    ["Arn", output.Arn ?? ""],
    ["UserId", output.UserId ?? ""],
    ["Credentials", `${accessKeyId} (${source})`],
    ["Region", `${region} (${from})`],
    ["Endpoint", cloudtrail ?? ""],
    ...(sts === cloudtrail ? [] : [["Endpoint of sts", sts ?? ""] as const]),
  ];
  if (options.json) {
    print(
      printable(JSON.stringify({ ...output, accessKeyId, region, endpoint: session.endpoint("cloudtrail").value })),
    );
    return EXIT.ok;
  }
  const width = Math.max(...facts.map(([name]) => name.length));
  for (const [name, value] of facts) print(`${style.dim(padText(name, width))}  ${printable(value)}`);
  return EXIT.ok;
}
