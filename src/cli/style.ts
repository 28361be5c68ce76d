import { styleText } from "node:util";
import type { Io, Output } from "./io.ts";

/** Colours for a terminal, or the text as it is. Takes printable text only: it must stay the only maker of escapes. */
export interface Style {
  readonly dim: Paint;
  readonly bold: Paint;
  readonly good: Paint;
  readonly bad: Paint;
  readonly key: Paint;
  readonly string: Paint;
  readonly number: Paint;
}

type Paint = (text: string) => string;

const COLOURS: Readonly<Record<keyof Style, Parameters<typeof styleText>[0]>> = {
  dim: "dim",
  bold: "bold",
  good: "green",
  bad: "red",
  key: "cyan",
  string: "green",
  number: "yellow",
};

/** Colours only where a person looks, and not against their will. @see https://no-color.org */
export function styleFor(
  output: Output,
  { env }: Pick<Io, "env">,
  { color = true }: { readonly color?: boolean },
): Style {
  const wanted = color && output.isTTY === true && !env["NO_COLOR"] && env["TERM"] !== "dumb";
  const paints = Object.entries(COLOURS).map(([name, format]): [string, Paint] => [
    name,
    wanted ? (text) => styleText(format, text, { validateStream: false }) : (text) => text,
  ]);
  return Object.fromEntries(paints) as unknown as Style;
}
