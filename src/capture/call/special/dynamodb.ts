/**
 * DynamoDB: an item call tells the table, the key with its values, and the names of the other attributes; never their
 * values. Items of one call for several are listed as `requestItems`. The key of a put cannot be told from its item.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/understanding-ddb-log-entries.html
 */
import { lowerFirst } from "../../../aws/index.ts";
import type { RequestCall } from "../call.ts";
import type { RequestDescription } from "../description.ts";
import { changed, listOf, type Members, membersOf, textOf } from "./members.ts";
import type { SpecialService } from "./special.ts";

export const DYNAMODB: SpecialService = { request: describeRequest };

/** DynamoDB takes no more items in one call. */
const ITEMS_MAX = 100;

/** What a single operation inside a call may say beside its key and its item. */
const SHOWN: readonly string[] = [
  "ConditionExpression",
  "ConsistentRead",
  "ExpressionAttributeNames",
  "ProjectionExpression",
  "ReturnValuesOnConditionCheckFailure",
  "UpdateExpression",
];

function describeRequest({ resolved }: RequestCall, generic: RequestDescription): RequestDescription {
  const { input } = generic;
  if (input === undefined) return generic;
  return { ...generic, requestParameters: parametersOf(resolved.operation ?? "", generic.requestParameters, input) };
}

function parametersOf(operation: string, parameters: unknown, input: Members): unknown {
  switch (operation) {
    case "BatchGetItem":
    case "BatchWriteItem":
      return changed(parameters, "requestItems", () => batchItems(input));
    case "TransactGetItems":
    case "TransactWriteItems": {
      const { transactItems: _items, ...others } = membersOf(parameters) ?? {};
      return { requestItems: transactItems(input), ...others };
    }
    case "ExecuteStatement":
      return changed(parameters, "statement", () => redacted(input["Statement"]));
    case "BatchExecuteStatement":
      return changed(parameters, "statements", () => statementsOf(input["Statements"]));
    case "ExecuteTransaction":
      return changed(parameters, "transactStatements", () => statementsOf(input["TransactStatements"]));
    default: {
      const item = itemOf(input);
      return Object.keys(item).length === 0 ? parameters : { ...membersOf(parameters), ...item };
    }
  }
}

function batchItems({ RequestItems: tables }: Members): readonly unknown[] {
  return Object.entries(membersOf(tables) ?? {})
    .flatMap(([tableName, requests]) =>
      Array.isArray(requests) ? requests.map((request) => writeOf(tableName, request)) : [readOf(tableName, requests)],
    )
    .slice(0, ITEMS_MAX);
}

function writeOf(tableName: string, request: unknown): unknown {
  const put = membersOf(membersOf(request)?.["PutRequest"]);
  const gone = membersOf(membersOf(request)?.["DeleteRequest"]);
  return put === undefined
    ? { operation: "Delete", tableName, ...itemOf(gone ?? {}) }
    : { operation: "Put", tableName, ...itemOf(put) };
}

function readOf(tableName: string, request: unknown): unknown {
  const members = membersOf(request) ?? {};
  const keys = listOf(members["Keys"]).slice(0, ITEMS_MAX).map(plainKey);
  return { operation: "Get", tableName, keys, ...shown(members) };
}

function transactItems({ TransactItems: items }: Members): readonly unknown[] {
  return listOf(items)
    .slice(0, ITEMS_MAX)
    .flatMap((item) => Object.entries(membersOf(item) ?? {}))
    .map(([operation, value]) => {
      const members = membersOf(value) ?? {};
      const tableName = textOf(members, "TableName");
      return { operation, ...(tableName !== undefined && { tableName }), ...itemOf(members), ...shown(members) };
    });
}

function shown(members: Members): Members {
  const named = SHOWN.filter((name) => members[name] !== undefined);
  return Object.fromEntries(named.map((name) => [lowerFirst(name), members[name]]));
}

/** The key with its values, and of an item only the names. */
function itemOf({ Key: key, Item: item }: Members): Members {
  const attributes = membersOf(item);
  return {
    ...(membersOf(key) !== undefined && { key: plainKey(key) }),
    ...(attributes !== undefined && { items: Object.keys(attributes) }),
  };
}

/** `{"Artist": {"S": "No One"}}` is shown as `{"Artist": "No One"}`; keys are text, numbers or bytes. */
function plainKey(key: unknown): Members {
  return Object.fromEntries(Object.entries(membersOf(key) ?? {}).map(([name, value]) => [name, plainValue(value)]));
}

function plainValue(value: unknown): string {
  const { S: text, N: number, B: bytes } = membersOf(value) ?? {};
  if (typeof text === "string") return text;
  if (typeof number === "string") return number;
  return bytes instanceof Uint8Array ? Buffer.from(bytes).toString("base64") : "";
}

function statementsOf(statements: unknown): readonly unknown[] {
  return listOf(statements)
    .slice(0, ITEMS_MAX)
    .map((statement) => ({ statement: redacted(membersOf(statement)?.["Statement"]) }));
}

/** Names in double quotes; text in single ones, Ion in backticks, numbers. What is not closed goes on to the end. */
const TOKEN =
  /("(?:[^"]|"")*(?:"|$)|[A-Za-z_#][\w#]*)|'(?:[^']|'')*(?:'|$)|`[^`]*(?:`|$)|\d[\w.]*(?:(?<=[eE])[+-]\d+)?/g;

/** A PartiQL statement without the values in it, as AWS shows those of attributes that are no keys. */
function redacted(statement: unknown): string | undefined {
  if (typeof statement !== "string") return undefined;
  return statement.replace(TOKEN, (_, name: string | undefined) => name ?? "***(Redacted)");
}
