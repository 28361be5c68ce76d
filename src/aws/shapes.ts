/** The protocols that AWS services speak. */
export type Protocol = "json-1.0" | "json-1.1" | "query" | "ec2" | "rest-json" | "rest-xml" | "rpc-v2-cbor";

/** A compiled service model; shared by all calls and never changed. */
export interface Service {
  readonly name: string;
  /** The name in the scope of a signature, and with `.amazonaws.com` the usual eventSource. */
  readonly signingName: string;
  readonly endpointPrefix: string;
  readonly apiVersion: string;
  /** What stands before the operation's name in `X-Amz-Target`. */
  readonly targetPrefix?: string;
  /** The protocol that clients generated from this model speak. */
  readonly protocol: Protocol;
  readonly jsonVersion: "1.0" | "1.1";
  readonly xmlNamespace?: XmlNamespace;
  /** True when the service answers `x-amzn-query-error`, as those do that moved from query to JSON or CBOR. */
  readonly queryCompatible: boolean;
  readonly operations: ReadonlyMap<string, OperationModel>;
  /** Every modelled error, by shape name and by wire code. */
  readonly errors: ReadonlyMap<string, ErrorModel>;
}

export interface OperationModel {
  readonly name: string;
  readonly service: Service;
  readonly input?: StructureShape;
  readonly output?: StructureShape;
  readonly errors: readonly ErrorModel[];
  readonly http: { readonly method: string; readonly uri: string; readonly status: number };
  /** What clients put before the host, with `{member}` labels. */
  readonly hostPrefix?: string;
  /** True when requests carry an MD5 of their body. */
  readonly checksumRequired: boolean;
  /** True when callers need no signature (sts AssumeRoleWithSAML). */
  readonly unsigned: boolean;
  /** The element around a query response's members. */
  readonly resultWrapper: string;
  /** Root elements of rest-xml bodies, where the model names them at the operation. */
  readonly inputElement: Element;
  readonly outputElement: Element;
}

export interface ErrorModel {
  /** The shape's name: the code in JSON, CBOR and rest-json. */
  readonly name: string;
  /** The code in query, ec2 and rest-xml. */
  readonly code: string;
  /** The modelled HTTP status, when there is one. */
  readonly status?: number;
  /** True when the server is to blame. */
  readonly fault: boolean;
  readonly shape: StructureShape;
}

export interface XmlNamespace {
  readonly uri: string;
  readonly prefix?: string;
}

export interface Element {
  readonly name?: string;
  readonly namespace?: XmlNamespace;
}

export type Shape =
  | StructureShape
  | ListShape
  | MapShape
  | StringShape
  | NumberShape
  | BooleanShape
  | TimestampShape
  | BlobShape;

/** The shapes of single values: what text in a header or a form can say. */
export type SingleShape = StringShape | NumberShape | BooleanShape | TimestampShape | BlobShape;

export function isSingle(shape: Shape): shape is SingleShape {
  return shape.type !== "structure" && shape.type !== "list" && shape.type !== "map";
}

interface Common {
  readonly name: string;
  /** True when values must never reach a record, a log line or an error message. */
  readonly sensitive: boolean;
}

/** Also unions (one member set), errors and documents (any JSON value; no members). */
export interface StructureShape extends Common {
  readonly type: "structure";
  /** In the order of the model. */
  readonly members: readonly Member[];
  readonly byName: ReadonlyMap<string, Member>;
  /** By the name in JSON and CBOR bodies; members that travel outside the body are not here. */
  readonly byJsonName: ReadonlyMap<string, Member>;
  /** By the name of the element in XML bodies; attributes are not here. */
  readonly byXmlName: ReadonlyMap<string, Member>;
  /** The member that is the whole HTTP body. */
  readonly payload?: Member;
  readonly document: boolean;
  readonly union: boolean;
  readonly exception: boolean;
  readonly eventStream: boolean;
}

export interface ListShape extends Common {
  readonly type: "list";
  readonly member: Slot;
  readonly min?: number;
  readonly max?: number;
}

export interface MapShape extends Common {
  readonly type: "map";
  readonly key: Slot;
  readonly value: Slot;
  readonly min?: number;
  readonly max?: number;
}

export interface StringShape extends Common {
  readonly type: "string";
  /** Lengths count Unicode code points. */
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: Pattern;
  readonly enum?: readonly string[];
}

/** A constraint of the model: its text as the model has it, and what must match the whole value. */
export interface Pattern {
  readonly source: string;
  readonly expression: RegExp;
}

export interface NumberShape extends Common {
  readonly type: "integer" | "long" | "float" | "double";
  readonly min?: number;
  readonly max?: number;
}

export interface BooleanShape extends Common {
  readonly type: "boolean";
}

export interface TimestampShape extends Common {
  readonly type: "timestamp";
}

export interface BlobShape extends Common {
  readonly type: "blob";
  /** Lengths count bytes. */
  readonly min?: number;
  readonly max?: number;
  readonly streaming: boolean;
}

export type TimestampFormat = "unixTimestamp" | "iso8601" | "rfc822";

/** The use of a shape, with the wire traits of that use. */
export interface Slot {
  readonly shape: Shape;
  readonly sensitive: boolean;
  readonly locationName?: string;
  readonly flattened: boolean;
  readonly timestampFormat?: TimestampFormat;
  readonly xmlNamespace?: XmlNamespace;
}

export type Location = "header" | "headers" | "uri" | "querystring" | "statusCode";

/** A structure's member. The names on the wire are worked out once, here. */
export interface Member extends Slot {
  readonly name: string;
  readonly required: boolean;
  /** Where it travels when not in the body; only the REST protocols look at it. */
  readonly location?: Location;
  /** The name in a header, path or query string, or in JSON and CBOR. */
  readonly wireName: string;
  readonly queryName: string;
  readonly ec2Name: string;
  /** The element's (or attribute's) name; of a flattened list, the name of each item. */
  readonly xmlName: string;
  /** The root element when this member is the whole body. */
  readonly element: Element;
  readonly xmlAttribute: boolean;
  readonly idempotencyToken: boolean;
  /** A string that holds JSON text: in a header it travels as base64. */
  readonly jsonValue: boolean;
  readonly streaming: boolean;
}
