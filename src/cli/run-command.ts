import type { Command } from "commander";
import { CallError } from "../api/client/index.ts";
import { Failure } from "../core/index.ts";
import { describeCallError } from "./call-error-hints.ts";
import type { Io, Output } from "./io.ts";
import { printable } from "./printable.ts";
import { openSession, type Session, type SessionOptions } from "./session.ts";
import { type Style, styleFor } from "./style.ts";
import { UsageError } from "./usage-error.ts";

/** Exit codes, in every command's help. */
export const EXIT = { ok: 0, failed: 1, usage: 2, notFound: 3 } as const;

export interface CommonOptions extends SessionOptions {
  readonly color?: boolean;
  readonly json?: true;
}

/** What a command works with. */
export interface Context {
  readonly session: Session;
  readonly io: Io;
  /** For stdout. */
  readonly style: Style;
  /** Writes a line to stdout; its texts have been made safe already. */
  readonly print: (line: string) => void;
  /** Writes a line for the person, not for the next program, to stderr; makes it safe. */
  readonly note: (line: string) => void;
  /** Aborted when the reader of stdout has gone (`opentrail lookup | head`): there is no more use in going on. */
  readonly readerGone: AbortSignal;
}

/** Adds what every command takes and documents. */
export function addCommonOptions(
  command: Command,
  examples: readonly string[],
  exitCodes: string = EXIT_CODES_HELP,
): Command {
  return command
    .option("--profile <name>", "profile of the AWS config and credentials files (also AWS_PROFILE)")
    .option("--region <region>", "Region (also AWS_REGION, AWS_DEFAULT_REGION; us-east-1 when none is named)")
    .option("--endpoint-url <url>", "server (also AWS_ENDPOINT_URL; http://127.0.0.1:4580 when none is named)")
    .option("--no-color", "no colours (also NO_COLOR)")
    .addHelpText("after", `\nExamples:\n${examples.map((line) => `  ${line}`).join("\n")}\n\n${exitCodes}`);
}

const EXIT_CODES_HELP = "Exit codes: 0 done, 1 the call failed, 2 wrong usage, 3 no such event (opentrail event).";

/**
 * Runs a command's body: its answer is the exit code, and whatever it throws becomes one line on stderr.
 * Our own mistakes are not caught: they should be seen whole.
 */
export async function runCommand(command: Command, io: Io, body: (context: Context) => Promise<number>): Promise<void> {
  const reader = new AbortController();
  // Anything but a reader that left (EPIPE) would be lost otherwise, since nobody else listens.
  io.stdout.on?.("error", () => reader.abort());
  const note = (line: string): void => void io.stderr.write(`${printable(line)}\n`);
  const code = await attempt(
    command,
    async () => {
      const options = command.opts<CommonOptions>();
      const session = await openSession(options, io, userAgent(command));
      const style = styleFor(io.stdout, io, options);
      const print = (line: string): void => void io.stdout.write(`${line}\n`);
      return await body({ session, io, style, print, note, readerGone: reader.signal });
    },
    note,
    reader.signal,
  );
  if (code !== EXIT.ok) {
    await flushed(io.stdout);
    io.exit(code);
  }
}

async function attempt(
  command: Command,
  body: () => Promise<number>,
  note: (line: string) => void,
  readerGone: AbortSignal,
): Promise<number> {
  try {
    return await body();
  } catch (thrown) {
    if (readerGone.aborted) return EXIT.ok;
    const failed = `opentrail ${command.name()}`;
    if (thrown instanceof UsageError) note(`${failed}: ${thrown.message}`);
    else if (thrown instanceof CallError) note(`${failed}: ${describeCallError(thrown)}`);
    else if (thrown instanceof Failure) note(`${failed}: ${thrown.message}`);
    else throw thrown;
    return thrown instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
}

function userAgent(command: Command): string {
  const version = command.parent?.version();
  return version === undefined ? "opentrail-cli" : `opentrail-cli/${version}`;
}

function flushed(output: Output): Promise<void> {
  return new Promise((resolve) => {
    output.write("", () => resolve());
  });
}
