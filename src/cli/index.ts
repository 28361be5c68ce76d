/**
 * The command line, as far as it is a client: one file per command, speaking only the public API with the usual `AWS_*`
 * variables and profiles. Whatever comes from records or servers is made safe before it reaches a terminal.
 */
import type { Command } from "commander";
import { addCoverage } from "./coverage.ts";
import { addDeliveries } from "./deliveries.ts";
import { addDoctor } from "./doctor.ts";
import { addEvent } from "./event.ts";
import { type Io, processIo } from "./io.ts";
import { addLookup } from "./lookup.ts";
import { addReconcile } from "./reconcile.ts";
import { addRules } from "./rules.ts";
import { EXIT } from "./run-command.ts";
import { addTail } from "./tail.ts";
import { addVerify } from "./verify.ts";
import { addWhoami } from "./whoami.ts";

/** Adds the commands that call a server; those added before get the same exit codes for wrong usage. */
export function addClientCommands(program: Command, io: Io = processIo()): void {
  addLookup(program, io);
  addTail(program, io);
  addEvent(program, io);
  addCoverage(program, io);
  addReconcile(program, io);
  addRules(program, io);
  addDeliveries(program, io);
  addDoctor(program, io);
  addVerify(program, io);
  addWhoami(program, io);
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
    command.configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
    });
    command.showHelpAfterError(`See: ${commandPath(command)} --help`);
    // Commander ends with 1 for wrong usage, which is how a call that failed ends here.
    command.exitOverride(({ exitCode }) => io.exit(exitCode === 0 ? EXIT.ok : EXIT.usage));
  }
}

function commandPath(command: Command): string {
  return command.parent === null ? command.name() : `${commandPath(command.parent)} ${command.name()}`;
}
