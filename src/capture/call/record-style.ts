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
} from "../../aws/index.ts";
import type { CapturedBody } from "./captured.ts";
import { type Redaction, redactionOf } from "./redaction.ts";

/** Blobs up to so many bytes are shown; of longer ones only how long they are. */
const BLOB_BYTES_MAX = 1024;

/**
 * Services that keep the names of their models as they are. Seen in AWS's published and real records.
 */
const KEEP_CASE: ReadonlySet<string> = new Set(
  ["ce", "devops-guru", "mediatailor", "securityhub", "sms-voice", "synthetics"].map((name) => `${name}.amazonaws.com`),
);

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

const mappers = new WeakMap<OperationModel, Map<string, RecordMapper>>();

/** The mapper of an operation's input and output, made once. */
export function mapperOf(model: OperationModel, eventSource: string): RecordMapper {
  let ofModel = mappers.get(model);
  if (ofModel === undefined) mappers.set(model, (ofModel = new Map<string, RecordMapper>()));
  let mapper = ofModel.get(eventSource);
  if (mapper === undefined) {
    const style = safeStyle(redactionOf(eventSource, model.name));
    mapper = new RecordMapper({ ...style, nameOf: namingOf(eventSource) });
    ofModel.set(eventSource, mapper);
  }
  return mapper;
}

function namingOf(eventSource: string): (member: Member) => string {
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
