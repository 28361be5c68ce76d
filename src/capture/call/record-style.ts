/** Which form the parameters of a service take in its records, and the mappers that bring them into it. */
import {
  hideSecrets,
  isSecretName,
  lowerFirst,
  type Member,
  type OperationModel,
  PLAIN_STYLE,
  RecordMapper,
  type RecordStyle,
  type StructureShape,
} from "../../aws/index.ts";
import type { CapturedBody } from "./captured.ts";
import { type Redaction, redactionOf } from "./redaction.ts";

/** Blobs up to so many bytes are shown; of longer ones only how long they are. */
const BLOB_BYTES_MAX = 1024;

/** Services that keep the names of their models as they are. Seen in published and real records. */
const KEEP_CASE: ReadonlySet<string> = sources(
  "account ce chatbot codeguru-reviewer connect dataexchange devops-guru mediatailor resource-explorer-2 securityhub sms-voice",
);

/** Services that show the names of the wire, and the members of a payload among those that travel beside it. */
const AS_ON_THE_WIRE: ReadonlySet<string> = sources("pinpoint synthetics");

/** Services whose answers are the one thing that they are about, without its name around it. */
const UNWRAPPED: ReadonlySet<string> = sources("elasticache rds redshift");

function sources(names: string): ReadonlySet<string> {
  return new Set(names.split(" ").map((name) => `${name}.amazonaws.com`));
}

/** Everything that the styles have in common: redaction, and bounds on what a caller can make of a record. */
export function safeStyle(redaction: Redaction): RecordStyle {
  return {
    ...PLAIN_STYLE,
    instead: redaction,
    blob: (bytes) =>
      bytes.length <= BLOB_BYTES_MAX
        ? PLAIN_STYLE.blob(bytes)
        : { omitted: true, originalSize: bytes.length, reason: "blob too large" },
    document: (value) => hideSecrets(value),
    hides: isSecretName,
  };
}

/** What a request asks for, in the form that the service has in records; null when it asks for nothing in particular. */
export function shownInput(model: OperationModel, eventSource: string, input: Values): unknown {
  const shape = model.input;
  if (shape === undefined) return null;
  return shown(mapperOf(model, eventSource, "input"), eventSource, shape, input);
}

/** What an answer says; null when it says nothing. */
export function shownOutput(model: OperationModel, eventSource: string, output: Values): unknown {
  const shape = model.output;
  if (shape === undefined) return null;
  const mapper = mapperOf(model, eventSource, "output");
  const [only] = shape.members;
  if (UNWRAPPED.has(eventSource) && shape.members.length === 1 && only?.shape.type === "structure") {
    const inside = output[only.name];
    return inside === undefined ? null : nullIfEmpty(mapper.map(only.shape, inside));
  }
  return shown(mapper, eventSource, shape, output);
}

type Values = Readonly<Record<string, unknown>>;

/** Shows what the model does not know: a client may be newer. For requests; answers say more than they are asked. */
export function showingUnknown(
  redaction: Redaction,
  renamed: (name: string) => string,
): Required<Pick<RecordStyle, "unknown">> {
  return {
    unknown(name, value, shape) {
      // In the wrong case it is still what it is.
      const instead = redaction(twinOf(shape, name) ?? { name, ...ANYTHING });
      if (instead === null) return undefined;
      return [renamed(name), instead ?? hideSecrets(value)];
    },
  };
}

const twins = new WeakMap<StructureShape, ReadonlyMap<string, Member>>();

function twinOf(shape: StructureShape, name: string): Member | undefined {
  let members = twins.get(shape);
  if (members === undefined) {
    members = new Map(shape.members.map((member) => [member.name.toLowerCase(), member]));
    twins.set(shape, members);
  }
  return members.get(name.toLowerCase());
}

const ANYTHING = {
  shape: { type: "string", name: "", sensitive: false },
  sensitive: false,
  idempotencyToken: false,
} as const;

function shown(mapper: RecordMapper, eventSource: string, shape: StructureShape, values: Values): unknown {
  const members = mapper.map(shape, values);
  return nullIfEmpty(AS_ON_THE_WIRE.has(eventSource) ? withoutPayload(shape, members as Values) : members);
}

function withoutPayload({ payload }: StructureShape, members: Values): Values {
  if (payload === undefined) return members;
  const { [payload.wireName]: inside, ...beside } = members;
  return typeof inside === "object" ? { ...beside, ...inside } : members;
}

const mappers = new WeakMap<OperationModel, Map<string, RecordMapper>>();

type Half = "input" | "output";

/** The mapper of an operation's input or output, made once. */
function mapperOf(model: OperationModel, eventSource: string, half: Half): RecordMapper {
  let ofModel = mappers.get(model);
  if (ofModel === undefined) mappers.set(model, (ofModel = new Map<string, RecordMapper>()));
  const key = `${half} ${eventSource}`;
  let mapper = ofModel.get(key);
  if (mapper === undefined) {
    const redaction = redactionOf(eventSource, model.name);
    const renamed = AS_ON_THE_WIRE.has(eventSource) || KEEP_CASE.has(eventSource) ? AS_IT_IS : lowerFirst;
    mapper = new RecordMapper({
      ...safeStyle(redaction),
      nameOf: namingOf(eventSource),
      ...(half === "input" ? showingUnknown(redaction, renamed) : {}),
    });
    ofModel.set(key, mapper);
  }
  return mapper;
}

const AS_IT_IS = (name: string): string => name;

function namingOf(eventSource: string): (member: Member) => string {
  if (AS_ON_THE_WIRE.has(eventSource)) return ({ wireName }) => wireName;
  return KEEP_CASE.has(eventSource) ? ({ name }) => name : ({ name }) => lowerFirst(name);
}

export function nullIfEmpty(members: unknown): unknown {
  return typeof members === "object" && members !== null && Object.keys(members).length > 0 ? members : null;
}

/** What stands for parameters that were too large to be kept, as CloudTrail says it. */
export function omittedNote(member: string, { size, sha256 }: CapturedBody): unknown {
  return {
    omitted: true,
    originalSize: size,
    reason: `${member} too large`,
    ...(sha256 === undefined ? {} : { sha256 }),
  };
}
