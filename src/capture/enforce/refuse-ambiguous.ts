import { type OperationModel, type Protocol, readQuery } from "../../aws/index.ts";
import { Refusal } from "../../core/index.ts";
import type { CapturedHead } from "../call/captured.ts";

/** A request about which two readers may differ. */
export interface AmbiguousRequest {
  readonly head: CapturedHead;
  /** All of the body; empty for one that is data and no parameters. */
  readonly body: Uint8Array;
  readonly protocol: Protocol;
  readonly model?: OperationModel;
}

/**
 * Refuses what says something twice: we would judge the one and the upstream might do the other. Forms that do are refused
 * when they are read; this looks at headers, at the query of S3's calls, and at JSON.
 * @throws {Refusal} `SerializationException`.
 */
export function refuseAmbiguous({ body, head, model, protocol }: AmbiguousRequest): void {
  for (const [name, values = []] of Object.entries(head.headers)) {
    const matters = name.startsWith("x-amz-") || ONCE.has(name);
    if (matters && values.length > 1) throw ambiguous(`the header ${name}`);
  }
  // Elsewhere a parameter given twice may be a list.
  if (protocol === "rest-xml" && model?.service.endpointPrefix === "s3") refuseRepeated(head.query);
  const isJson = protocol === "json-1.0" || protocol === "json-1.1" || (protocol === "rest-json" && !isData(model));
  if (isJson) refuseRepeatedKeys(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1"));
}

const ONCE: ReadonlySet<string> = new Set(["content-type", "content-encoding", "host", "smithy-protocol"]);

/** What somebody else's program will read is not ours to judge: the payload of a function's call. */
function isData(model: OperationModel | undefined): boolean {
  const shape = model?.input?.payload?.shape;
  return shape !== undefined && shape.type !== "structure";
}

function refuseRepeated(query: string): void {
  const names = readQuery(query).map(([name]) => name);
  const repeated = names.find((name, at) => names.indexOf(name) !== at);
  if (repeated !== undefined) throw ambiguous(`the query parameter ${repeated.slice(0, 100)}`);
}

/**
 * Objects in which a key stands twice. Some readers do not mind the case of a member's name, so among the members of the
 * call itself it makes no difference either. What is no JSON passes: it is refused by whoever reads it.
 */
function refuseRepeatedKeys(text: string): void {
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at++) {
    switch (text.charAt(at)) {
      case "{":
        open.push(new Set());
        break;
      case "[":
        open.push(undefined);
        break;
      case "}":
      case "]":
        open.pop();
        break;
      case '"': {
        const end = endOfString(text, at + 1);
        if (isKey(text, end)) addKey(open.at(-1), unescaped(text.slice(at + 1, end)), open.length === 1);
        at = end;
        break;
      }
    }
  }
}

/** Where the closing quote is; the text's end when there is none. */
function endOfString(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}

const COLON = /[ \t\r\n]*:/y;

function isKey(text: string, end: number): boolean {
  COLON.lastIndex = end + 1;
  return COLON.test(text);
}

function addKey(keys: Set<string> | undefined, key: string, isMember: boolean): void {
  const name = isMember ? key.toLowerCase() : key;
  if (keys?.has(name) === true) throw ambiguous("a member of the request");
  keys?.add(name);
}

/** `"Table\u004eame"` is a key like another. */
function unescaped(key: string): string {
  if (!key.includes("\\")) return key;
  try {
    return String(JSON.parse(`"${key}"`));
  } catch {
    // No JSON: no reader takes it for any key.
    return key;
  }
}

function ambiguous(what: string): Refusal {
  return new Refusal("SerializationException", `${what} is given more than once`);
}
