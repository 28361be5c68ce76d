/** What the gateway needs of a service model: how its messages look on the wire, and what of them is secret. */
import type { OperationJson, ServiceModelJson, ShapeJson, ShapeRefJson } from "../src/aws/model-json.ts";

const METADATA = [
  "protocol",
  "apiVersion",
  "endpointPrefix",
  "signingName",
  "serviceId",
  "targetPrefix",
  "jsonVersion",
  "xmlNamespace",
  "awsQueryCompatible",
] as const;

const OPERATION = ["name", "http", "authtype", "httpChecksumRequired", "endpoint"] as const;

const TRAITS = [
  "locationName",
  "flattened",
  "timestampFormat",
  "xmlNamespace",
  "sensitive",
  "streaming",
  "eventstream",
] as const;

const REFERENCE = [
  "shape",
  ...TRAITS,
  "location",
  "queryName",
  "xmlAttribute",
  "idempotencyToken",
  "jsonvalue",
  "resultWrapper",
] as const;

const SHAPE = ["type", ...TRAITS, "required", "payload", "document", "union", "exception", "fault", "error"] as const;

/** Without texts, constraints, and shapes that no message holds. Names and order stay. */
export function stripModel(model: ServiceModelJson): ServiceModelJson {
  const operations = mapValues(model.operations, stripOperation);
  const shapes = mapValues(model.shapes, stripShape);
  const used = usedShapes(operations, shapes);
  return {
    metadata: pick(model.metadata, METADATA),
    operations,
    shapes: Object.fromEntries(Object.entries(shapes).filter(([name]) => used.has(name))),
  };
}

function stripOperation(operation: OperationJson): OperationJson {
  const { input, output, errors } = operation;
  return {
    ...pick(operation, OPERATION),
    ...(input === undefined ? {} : { input: pick(input, REFERENCE) }),
    ...(output === undefined ? {} : { output: pick(output, REFERENCE) }),
    ...(errors === undefined ? {} : { errors: errors.map((error) => pick(error, REFERENCE)) }),
  };
}

function stripShape(shape: ShapeJson): ShapeJson {
  const { members, member, key, value } = shape;
  return {
    ...pick(shape, SHAPE),
    ...(members === undefined ? {} : { members: mapValues(members, (ref) => pick(ref, REFERENCE)) }),
    ...(member === undefined ? {} : { member: pick(member, REFERENCE) }),
    ...(key === undefined ? {} : { key: pick(key, REFERENCE) }),
    ...(value === undefined ? {} : { value: pick(value, REFERENCE) }),
  };
}

function usedShapes(
  operations: Readonly<Record<string, OperationJson>>,
  shapes: Readonly<Record<string, ShapeJson>>,
): ReadonlySet<string> {
  const used = new Set<string>();
  const waiting: (ShapeRefJson | undefined)[] = Object.values(operations).flatMap(({ input, output, errors }) => [
    input,
    output,
    ...(errors ?? []),
  ]);
  while (waiting.length > 0) {
    const name = waiting.pop()?.shape;
    if (name === undefined || used.has(name)) continue;
    used.add(name);
    const { members, member, key, value } = shapes[name] ?? {};
    waiting.push(member, key, value, ...Object.values(members ?? {}));
  }
  return used;
}

/** The named members that are there, in the order of the object. */
function pick<T extends object, Key extends keyof T & string>(from: T, keys: readonly Key[]): Pick<T, Key> {
  const wanted: ReadonlySet<string> = new Set(keys);
  return Object.fromEntries(Object.entries(from).filter(([key]) => wanted.has(key))) as Pick<T, Key>;
}

function mapValues<From, To>(from: Readonly<Record<string, From>>, map: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(from).map(([key, value]) => [key, map(value)]));
}
