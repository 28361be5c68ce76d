import type { Json } from "../patterns/index.ts";
import { type JsonPath, parseJsonPath, valueAt } from "./json-path.ts";
import type { BusEvent, Target } from "./rule.ts";

/** What a template may say besides the event: the names that AWS keeps for itself. */
export interface Occasion {
  readonly event: BusEvent;
  readonly ruleArn: string;
  readonly ruleName: string;
  /** When the event came to the bus: `2026-11-20T12:00:00Z`. */
  readonly ingestionTime: string;
}

/** Makes a target's text of an event. */
export type InputTransformer = (occasion: Occasion) => string;

/** Names that every template may use without a path. */
const RESERVED: Readonly<Record<string, (occasion: Occasion) => Value>> = {
  "aws.events.rule-arn": ({ ruleArn }) => ({ json: ruleArn }),
  "aws.events.rule-name": ({ ruleName }) => ({ json: ruleName }),
  "aws.events.event.ingestion-time": ({ ingestionTime }) => ({ json: ingestionTime }),
  "aws.events.event": ({ event }) => ({ json: withoutDetail(event) }),
  "aws.events.event.json": ({ event }) => ({ json: event.envelope, text: event.text }),
};

/** A value, and its JSON where that is known already. Without `json` nothing stood at the path. */
interface Value {
  readonly json: Json | undefined;
  readonly text?: string;
}

/** A piece of a template: text, or what takes a placeholder's place. */
type Piece = string | { readonly valueOf: (occasion: Occasion) => Value; readonly within: Within };

/** Where a placeholder stands: inside of quotes, as a value of JSON, or in plain text. */
type Within = "quotes" | "json" | "text";

/** Only what looks like a name is a placeholder: `<https://…|link>` and `</b>` are text. */
const PLACEHOLDER = /<([A-Za-z0-9_.-]+)>/g;

/** What is wrong with a transformer, in AWS's words; without a `message` nothing is. */
export function checkTransformer(transformer: NonNullable<Target["InputTransformer"]>, id: string): string | undefined {
  const paths = Object.entries(transformer.InputPathsMap ?? {});
  for (const [name, path] of paths) {
    if (/^aws\./i.test(name)) return `InputPathsMap for target ${id} contains reserved key ${name}.`;
    if (parseJsonPath(path) === undefined) return `Invalid JsonPath for target ${id}: ${path}`;
  }
  const known = new Set([...paths.map(([name]) => name), ...Object.keys(RESERVED)]);
  for (const [, name = ""] of transformer.InputTemplate.matchAll(PLACEHOLDER)) {
    if (!known.has(name)) return `InputTemplate for target ${id} contains invalid placeholder ${name}.`;
  }
  return undefined;
}

/**
 * Compiles a transformer that passed `checkTransformer`.
 *
 * A template that begins with a brace or a bracket is JSON: there a placeholder outside of quotes becomes the value's
 * JSON. Any other template is text, in which strings stand bare. Inside of quotes, whatever the template is, strings are
 * escaped so that they cannot end the quotes, and objects lose their own quotes, as AWS does. What stands at no path is
 * empty.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
 */
export function compileTransformer(transformer: NonNullable<Target["InputTransformer"]>): InputTransformer {
  const pieces = piecesOf(transformer);
  return (occasion) =>
    pieces
      .map((piece) => (typeof piece === "string" ? piece : written(piece.valueOf(occasion), piece.within)))
      .join("");
}

function piecesOf({ InputPathsMap = {}, InputTemplate: template }: NonNullable<Target["InputTransformer"]>): Piece[] {
  const paths = new Map(Object.entries(InputPathsMap).map(([name, path]) => [name, parseJsonPath(path) ?? []]));
  const outside: Within = /^\s*[{[]/.test(template) ? "json" : "text";
  const pieces: Piece[] = [];
  let quoted = false;
  let end = 0;
  for (const found of template.matchAll(PLACEHOLDER)) {
    const before = template.slice(end, found.index);
    quoted = endsQuoted(before, quoted);
    pieces.push(before, { valueOf: valueNamed(found[1] ?? "", paths), within: quoted ? "quotes" : outside });
    end = found.index + found[0].length;
  }
  return [...pieces, template.slice(end)];
}

function valueNamed(name: string, paths: ReadonlyMap<string, JsonPath>): (occasion: Occasion) => Value {
  const reserved = Object.hasOwn(RESERVED, name) ? RESERVED[name] : undefined;
  if (reserved !== undefined) return reserved;
  const path = paths.get(name) ?? [];
  return ({ event }) => ({ json: valueAt(path, event.envelope) });
}

/** Whether a quotation is open behind the text. */
function endsQuoted(text: string, quoted: boolean): boolean {
  let open = quoted;
  for (let index = 0; index < text.length; index++) {
    if (text[index] === "\\") index += 1;
    else if (text[index] === '"') open = !open;
  }
  return open;
}

function written({ json, text }: Value, within: Within): string {
  if (json === undefined) return within === "json" ? '""' : "";
  if (typeof json === "string") {
    if (within === "text") return json;
    return within === "json" ? JSON.stringify(json) : JSON.stringify(json).slice(1, -1);
  }
  const whole = text ?? JSON.stringify(json);
  return within === "quotes" ? withoutQuotes(whole) : whole;
}

/** A quote inside of a string goes with the backslash before it, which would escape what follows. */
function withoutQuotes(json: string): string {
  return json.replaceAll(/\\(.)|"/g, (found, escaped?: string) =>
    escaped === undefined || escaped === '"' ? "" : found,
  );
}

function withoutDetail({ envelope }: BusEvent): Json {
  const { detail: _, ...rest } = envelope;
  return rest;
}
