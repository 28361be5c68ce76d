import { assert, optional } from "../core/index.ts";
import type { OperationJson, ServiceModelJson, ShapeJson, ShapeRefJson, XmlNamespaceJson } from "./model-json.ts";
import { compilePattern } from "./pattern.ts";
import type {
  Element,
  ErrorModel,
  Location,
  Member,
  OperationModel,
  Protocol,
  Service,
  Shape,
  Slot,
  StructureShape,
  TimestampFormat,
  XmlNamespace,
} from "./shapes.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const NUMBERS: Readonly<Record<string, "integer" | "long" | "float" | "double">> = {
  byte: "integer",
  short: "integer",
  integer: "integer",
  long: "long",
  biginteger: "long",
  float: "float",
  double: "double",
  bigdecimal: "double",
};

const TIMESTAMP_FORMATS: Readonly<Record<string, TimestampFormat>> = {
  unixTimestamp: "unixTimestamp",
  iso8601: "iso8601",
  rfc822: "rfc822",
};

const LOCATIONS: ReadonlySet<string> = new Set<Location>(["header", "headers", "uri", "querystring", "statusCode"]);

/** Compiles a service model, all of it and once: the result is shared by every call. */
export function loadService(name: string, model: ServiceModelJson): Service {
  const { metadata } = model;
  const endpointPrefix = metadata.endpointPrefix ?? name;
  const compiler = new Compiler(model);
  const operations = new Map<string, OperationModel>();
  const service: Service = {
    name,
    signingName: metadata.signingName ?? endpointPrefix,
    endpointPrefix,
    apiVersion: metadata.apiVersion,
    ...(metadata.targetPrefix === undefined ? {} : { targetPrefix: metadata.targetPrefix }),
    protocol: protocolOf(metadata),
    jsonVersion: metadata.jsonVersion === "1.0" ? "1.0" : "1.1",
    ...optional("xmlNamespace", namespaceOf(metadata.xmlNamespace)),
    queryCompatible: metadata.awsQueryCompatible !== undefined,
    operations,
    errors: compiler.errors(),
  };
  for (const [key, operation] of Object.entries(model.operations)) {
    operations.set(key, compiler.operation(service, operation));
  }
  return service;
}

function protocolOf({ protocol, jsonVersion }: ServiceModelJson["metadata"]): Protocol {
  switch (protocol) {
    case "json":
      return jsonVersion === "1.0" ? "json-1.0" : "json-1.1";
    case "smithy-rpc-v2-cbor":
      return "rpc-v2-cbor";
    case "query":
    case "ec2":
    case "rest-json":
    case "rest-xml":
      return protocol;
    case undefined:
    default:
      throw new Error(`no protocol ${protocol}`);
  }
}

/** Members that models forget to mark as sensitive: one-time codes, with which a reader of the log could be somebody else. */
const UNMARKED_SECRETS: ReadonlySet<string> = new Set(["AuthenticationCode1", "AuthenticationCode2", "TokenCode"]);

/** Turns the shapes of one model into linked objects; a shape that holds itself is met again, not compiled again. */
class Compiler {
  readonly #model: ServiceModelJson;
  readonly #shapes = new Map<string, Shape>();

  constructor(model: ServiceModelJson) {
    this.#model = model;
  }

  operation(service: Service, json: OperationJson): OperationModel {
    const { http } = json;
    return {
      name: json.name,
      service,
      ...optional("input", json.input && this.#structure(json.input.shape)),
      ...optional("output", json.output && this.#structure(json.output.shape)),
      errors: (json.errors ?? []).flatMap((ref) => service.errors.get(ref.shape) ?? []),
      http: { method: http?.method ?? "POST", uri: http?.requestUri ?? "/", status: http?.responseCode ?? 200 },
      ...optional("hostPrefix", json.endpoint?.hostPrefix),
      checksumRequired: json.httpChecksumRequired === true,
      unsigned: json.authtype === "none",
      resultWrapper: json.output?.resultWrapper ?? `${json.name}Result`,
      inputElement: this.#element(json.input),
      outputElement: this.#element(json.output),
    };
  }

  errors(): Map<string, ErrorModel> {
    const errors = new Map<string, ErrorModel>();
    for (const [name, json] of Object.entries(this.#model.shapes)) {
      if (!json.exception && !json.error) continue;
      const code = json.error?.code ?? name;
      const error: ErrorModel = {
        name,
        code,
        ...optional("status", json.error?.httpStatusCode),
        fault: json.fault === true || json.error?.fault === true || (json.error?.httpStatusCode ?? 0) >= 500,
        shape: this.#structure(name),
      };
      errors.set(name, error);
      if (!errors.has(code)) errors.set(code, error);
    }
    return errors;
  }

  /** The root element of a body, or of a payload: named where the shape is used, or else at the shape. */
  #element(ref: ShapeRefJson | undefined): Element {
    if (ref === undefined) return {};
    const json = this.#json(ref.shape);
    return {
      ...optional("name", ref.locationName ?? json.locationName),
      ...optional("namespace", namespaceOf(ref.xmlNamespace ?? json.xmlNamespace)),
    };
  }

  #structure(name: string): StructureShape {
    const shape = this.#shape(name);
    assert(shape.type === "structure", `shape ${name} is a structure`);
    return shape;
  }

  #json(name: string): ShapeJson {
    const json = this.#model.shapes[name];
    assert(json, `the model has a shape ${name}`);
    return json;
  }

  #shape(name: string): Shape {
    return this.#shapes.get(name) ?? this.#compile(name, this.#json(name));
  }

  #compile(name: string, json: ShapeJson): Shape {
    const common = { name, sensitive: json.sensitive === true };
    const bounds = { ...optional("min", json.min), ...optional("max", json.max) };
    switch (json.type) {
      case "structure":
        return this.#compileStructure(name, json);
      case "list":
        return this.#link(name, { type: "list", ...common, ...bounds }, { member: json.member });
      case "map":
        return this.#link(name, { type: "map", ...common, ...bounds }, { key: json.key, value: json.value });
      case "string":
      case "character": {
        const pattern = json.pattern === undefined ? undefined : compilePattern(json.pattern);
        const rules = { ...bounds, ...optional("pattern", pattern), ...optional("enum", json.enum) };
        return this.#keep({ type: "string", ...common, ...rules });
      }
      case "blob":
        return this.#keep({ type: "blob", ...common, ...bounds, streaming: json.streaming === true });
      case "boolean":
      case "timestamp":
        return this.#keep({ type: json.type, ...common });
      default: {
        const type = NUMBERS[json.type];
        assert(type, `shape ${name} has a known type, not ${json.type}`);
        return this.#keep({ type, ...common, ...bounds });
      }
    }
  }

  #keep(shape: Shape): Shape {
    this.#shapes.set(shape.name, shape);
    return shape;
  }

  /** Lists and maps may hold themselves: they are known by name before their parts are compiled. */
  #link(name: string, shape: object, parts: Record<string, ShapeRefJson | undefined>): Shape {
    const linked = shape as Shape;
    this.#shapes.set(name, linked);
    for (const [part, ref] of Object.entries(parts)) {
      assert(ref, `shape ${name} has a ${part}`);
      Object.assign(linked, { [part]: this.#slot(ref) });
    }
    return linked;
  }

  #compileStructure(name: string, json: ShapeJson): StructureShape {
    const byName = new Map<string, Member>();
    const byJsonName = new Map<string, Member>();
    const byXmlName = new Map<string, Member>();
    const members: Member[] = [];
    const shape: Mutable<StructureShape> = {
      type: "structure",
      name,
      sensitive: json.sensitive === true,
      members,
      byName,
      byJsonName,
      byXmlName,
      document: json.document === true,
      union: json.union === true,
      exception: json.exception === true,
      eventStream: json.eventstream === true,
    };
    this.#shapes.set(name, shape);
    const required = new Set(json.required);
    for (const [memberName, ref] of Object.entries(json.members ?? {})) {
      const member = this.#member(memberName, ref, required.has(memberName));
      members.push(member);
      byName.set(memberName, member);
      if (member.location === undefined) byJsonName.set(member.wireName, member);
      if (member.location === undefined && !member.xmlAttribute) byXmlName.set(member.xmlName, member);
      if (json.payload === memberName) shape.payload = member;
    }
    return shape;
  }

  #slot(ref: ShapeRefJson): Slot {
    const shape = this.#shape(ref.shape);
    const json = this.#json(ref.shape);
    const format = ref.timestampFormat ?? json.timestampFormat;
    return {
      shape,
      sensitive: shape.sensitive || ref.sensitive === true,
      ...optional("locationName", ref.locationName),
      flattened: ref.flattened ?? json.flattened ?? false,
      ...optional("timestampFormat", format === undefined ? undefined : TIMESTAMP_FORMATS[format]),
      ...optional("xmlNamespace", namespaceOf(ref.xmlNamespace ?? json.xmlNamespace)),
    };
  }

  #member(name: string, ref: ShapeRefJson, required: boolean): Member {
    const slot = this.#slot(ref);
    const json = this.#json(ref.shape);
    const named = slot.locationName ?? name;
    const isLocation = ref.location !== undefined && LOCATIONS.has(ref.location);
    return {
      ...slot,
      sensitive: slot.sensitive || UNMARKED_SECRETS.has(name),
      name,
      required,
      ...(isLocation ? { location: ref.location as Location } : {}),
      wireName: named,
      queryName: elementName(ref, json, named),
      ec2Name: ref.queryName ?? capitalised(named),
      xmlName: elementName(ref, json, named),
      element: this.#element(ref),
      xmlAttribute: ref.xmlAttribute === true,
      idempotencyToken: ref.idempotencyToken === true,
      jsonValue: ref.jsonvalue === true,
      streaming: ref.streaming === true || json.streaming === true,
    };
  }
}

/**
 * A flattened list has no element of its own: its items stand in its place. Where the list itself is declared flattened they
 * keep their own name; where only this use of it is, they take the member's.
 */
function elementName(ref: ShapeRefJson, json: ShapeJson, name: string): string {
  const keepsName = json.type === "list" && json.flattened === true && ref.flattened === undefined;
  return keepsName ? (json.member?.locationName ?? name) : name;
}

function namespaceOf(json: string | XmlNamespaceJson | undefined): XmlNamespace | undefined {
  const { uri, prefix } = typeof json === "string" ? { uri: json } : { prefix: undefined, ...json };
  return uri === undefined ? undefined : { uri, ...optional("prefix", prefix) };
}

function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
