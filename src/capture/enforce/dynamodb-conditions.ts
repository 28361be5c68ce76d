import { type ConditionValues, type Input, listOf, structureOf, textOf, valuesAt } from "./call-to-authorize.ts";

/**
 * DynamoDB's condition keys for fine-grained access.
 *
 * Which attribute is the partition key stands in the table, not in the request. Where a request has several candidates
 * all of them count: a policy that allows some values then allows too little, never too much.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
 */
export function dynamodbConditions(input: Input): ConditionValues {
  if (STATEMENTS.some((name) => input[name] !== undefined)) return UNREAD_STATEMENT;
  const requests = [input, ...partsOf(input)];
  return {
    ...present("dynamodb:LeadingKeys", requests.flatMap(leadingKeys)),
    ...present("dynamodb:Attributes", requests.flatMap(attributes)),
    ...present("dynamodb:Select", valuesAt(input, "Select")),
    ...present(
      "dynamodb:ReturnValues",
      requests.flatMap((request) => valuesAt(request, "ReturnValues")),
    ),
    ...present("dynamodb:ReturnConsumedCapacity", valuesAt(input, "ReturnConsumedCapacity")),
  };
}

/** PartiQL. We do not read its conditions: none at all would satisfy `ForAllValues`, so there is one that nobody allows. */
const STATEMENTS = ["Statement", "Statements", "TransactStatements"];
const UNREAD_STATEMENT: ConditionValues = {
  "dynamodb:LeadingKeys": ["(not read)"],
  "dynamodb:Attributes": ["(not read)"],
  "dynamodb:FullTableScan": ["true"],
};

function present(key: string, values: readonly string[]): ConditionValues {
  return values.length === 0 ? {} : { [key]: [...new Set(values)] };
}

/** The single reads and writes of a batch or a transaction. */
function partsOf(input: Input): readonly Input[] {
  const perTable = Object.values(structureOf(input["RequestItems"]));
  const writes = perTable.flatMap(listOf).map(structureOf);
  const reads = perTable.map(structureOf);
  const keys = reads.flatMap((read) => listOf(read["Keys"]).map((Key) => ({ Key })));
  const transacted = listOf(input["TransactItems"]).map(structureOf);
  const inside = [...writes, ...transacted].flatMap((write) => Object.values(write).map(structureOf));
  return [...reads, ...keys, ...inside];
}

function leadingKeys(request: Input): readonly string[] {
  const key = structureOf(request["Key"]);
  const item = structureOf(request["Item"]);
  const old = Object.values(structureOf(request["KeyConditions"])).flatMap((condition) =>
    listOf(structureOf(condition)["AttributeValueList"]),
  );
  const values = [...Object.values(key), ...Object.values(item), ...old, ...keyExpressionValues(request)];
  return values.flatMap(scalar);
}

/** The values that a key condition compares with `=`; a partition key is always compared so. */
function keyExpressionValues(request: Input): readonly unknown[] {
  const expression = textOf(request, "KeyConditionExpression") ?? "";
  const values = structureOf(request["ExpressionAttributeValues"]);
  const left = [...expression.matchAll(/(?<![<>])=\s*(:\w+)/g)];
  const right = [...expression.matchAll(/(:\w+)\s*=/g)];
  return [...left, ...right].map(([, name = ""]) => values[name]);
}

/** `{"S": "a"}`, `{"N": "1"}`, `{"B": …}`: what a key can be. */
function scalar(value: unknown): readonly string[] {
  const { S, N, B } = structureOf(value);
  if (B instanceof Uint8Array) return [Buffer.from(B).toString("base64")];
  return [S, N].filter((text) => typeof text === "string");
}

const ATTRIBUTE_MAPS = ["Key", "Item", "Expected", "AttributeUpdates", "KeyConditions", "QueryFilter", "ScanFilter"];
const EXPRESSIONS = [
  "ConditionExpression",
  "FilterExpression",
  "KeyConditionExpression",
  "ProjectionExpression",
  "UpdateExpression",
];

/** Words that stand in expressions and are no attributes; DynamoDB reserves them. */
const WORDS = new Set(
  "SET REMOVE ADD DELETE AND OR NOT BETWEEN IN attribute_exists attribute_not_exists attribute_type begins_with contains size if_not_exists list_append".split(
    " ",
  ),
);

/** Names of top-level attributes that a request reads, writes or compares. */
function attributes(request: Input): readonly string[] {
  const names = structureOf(request["ExpressionAttributeNames"]);
  const mapped = ATTRIBUTE_MAPS.flatMap((name) => Object.keys(structureOf(request[name])));
  const listed = valuesAt(request, "AttributesToGet");
  const expressed = EXPRESSIONS.flatMap((name) => identifiers(textOf(request, name) ?? ""));
  const resolved = expressed.map((name) => (name.startsWith("#") ? names[name] : name));
  return [...mapped, ...listed, ...resolved].filter((name) => typeof name === "string");
}

/** Identifiers that begin a path: what follows a dot is inside an attribute, what follows a colon is a value. */
function identifiers(expression: string): readonly string[] {
  const found = [...expression.matchAll(/(?<![\w.:#])#?[A-Za-z_]\w*/g)].map(([name]) => name);
  return found.filter((name) => !WORDS.has(name) && !WORDS.has(name.toUpperCase()));
}
