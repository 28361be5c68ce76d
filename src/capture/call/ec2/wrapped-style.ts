import { type OperationModel, RecordMapper, type RecordStyle, type StructureShape } from "../../../aws/index.ts";
import { safeStyle, showingUnknown } from "../record-style.ts";
import { redactionOf } from "../redaction.ts";

type Values = Readonly<Record<string, unknown>>;

/** `{"DescribeFlowLogsRequest":{"FlowLogId":{"tag":1,"content":"fl-…"}}}`; an empty message is an empty text. */
export function wrappedRequest(model: OperationModel, shape: StructureShape, input: Values): unknown {
  const members = mapperFor(model, "request").map(shape, input) as object;
  return { [`${model.name}Request`]: Object.keys(members).length === 0 ? "" : members };
}

export function wrappedResponse(
  model: OperationModel,
  shape: StructureShape | undefined,
  output: Values,
  requestId: string | undefined,
): unknown {
  const members = shape === undefined ? {} : (mapperFor(model, "response").map(shape, output) as object);
  const xmlns = `http://ec2.amazonaws.com/doc/${model.service.apiVersion}/`;
  return { [`${model.name}Response`]: { xmlns, ...(requestId === undefined ? {} : { requestId }), ...members } };
}

/** Converted from XML without its model: a text that looks like a truth value or a number has become one. */
function converted(text: string): unknown {
  if (text === "true" || text === "false") return text === "true";
  return /^-?(?:0|[1-9]\d{0,14})$/.test(text) ? Number(text) : text;
}

/** Each item says which of the list it is; one alone stands without a list around it. */
function numbered(items: readonly unknown[]): unknown {
  const said = items.map((value, index) =>
    typeof value === "object" && value !== null ? { ...value, tag: index + 1 } : { tag: index + 1, content: value },
  );
  return said.length === 1 ? said[0] : said;
}

function itemElements(items: readonly unknown[]): unknown {
  return items.length === 0 ? "" : { item: items.length === 1 ? items[0] : items };
}

const mappers = new WeakMap<OperationModel, Record<Half, RecordMapper>>();
type Half = "request" | "response";

function mapperFor(model: OperationModel, half: Half): RecordMapper {
  let known = mappers.get(model);
  if (known === undefined) {
    const redaction = redactionOf("ec2.amazonaws.com", model.name);
    const common: RecordStyle = {
      ...safeStyle(redaction),
      text: converted,
      time: (date) => date.toISOString(),
    };
    known = {
      request: new RecordMapper({
        ...common,
        nameOf: ({ ec2Name }) => ec2Name,
        list: numbered,
        ...showingUnknown(redaction, (name) => name),
      }),
      response: new RecordMapper({ ...common, nameOf: ({ xmlName }) => xmlName, list: itemElements }),
    };
    mappers.set(model, known);
  }
  return known[half];
}
