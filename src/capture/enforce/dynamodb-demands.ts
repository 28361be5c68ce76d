import {
  arnIn,
  type CallToAuthorize,
  type Demand,
  type Input,
  listOf,
  structureOf,
  textOf,
} from "./call-to-authorize.ts";

/** Makes the ARN of a table, or of one of its indexes, from the name or ARN that a request has. */
type TableArn = (name: string | undefined, index?: string) => string;

/** Transactions and PartiQL need what their parts need; undefined for every other operation. */
export function dynamodbDemands(operation: string, call: CallToAuthorize): readonly Demand[] | undefined {
  const { input = {} } = call;
  const tableArn: TableArn = (name, index) => {
    if (name === undefined) return "*";
    const arn = name.startsWith("arn:") ? name : arnIn(call, "dynamodb", `table/${name}`);
    return index === undefined ? arn : `${arn}/index/${index}`;
  };
  switch (operation) {
    case "TransactGetItems":
    case "TransactWriteItems":
      return listOf(input["TransactItems"])
        .map(structureOf)
        .flatMap((item) => transacted(item, operation, tableArn));
    case "ExecuteStatement":
      return statement(input, tableArn);
    case "BatchExecuteStatement":
      return listOf(input["Statements"]).flatMap((part) => statement(structureOf(part), tableArn));
    case "ExecuteTransaction":
      return listOf(input["TransactStatements"]).flatMap((part) => statement(structureOf(part), tableArn));
    case "Query":
    case "Scan": {
      const index = textOf(input, "IndexName");
      if (index === undefined) return undefined;
      return [{ action: `dynamodb:${operation}`, resources: [tableArn(textOf(input, "TableName"), index)] }];
    }
    default:
      return undefined;
  }
}

const TRANSACTED: Readonly<Record<string, string>> = {
  Get: "dynamodb:GetItem",
  Put: "dynamodb:PutItem",
  Update: "dynamodb:UpdateItem",
  Delete: "dynamodb:DeleteItem",
  ConditionCheck: "dynamodb:ConditionCheckItem",
};

function transacted(item: Input, operation: string, tableArn: TableArn): readonly Demand[] {
  const conditions = { "dynamodb:EnclosingOperation": [operation] };
  return Object.entries(TRANSACTED).flatMap(([member, action]) =>
    item[member] === undefined
      ? []
      : [{ action, resources: [tableArn(textOf(structureOf(item[member]), "TableName"))], conditions }],
  );
}

const PARTIQL: Readonly<Record<string, string>> = {
  SELECT: "dynamodb:PartiQLSelect",
  EXISTS: "dynamodb:PartiQLSelect",
  INSERT: "dynamodb:PartiQLInsert",
  UPDATE: "dynamodb:PartiQLUpdate",
  DELETE: "dynamodb:PartiQLDelete",
};

/** A statement is about one table. One that we cannot read needs permission for everything that PartiQL can do. */
function statement(input: Input, tableArn: TableArn): readonly Demand[] {
  const text = textOf(input, "Statement") ?? "";
  const verb = /^\s*([A-Za-z]+)/.exec(text)?.[1]?.toUpperCase() ?? "";
  const action = Object.hasOwn(PARTIQL, verb) ? PARTIQL[verb] : undefined;
  const actions = action === undefined ? new Set(Object.values(PARTIQL)) : [action];
  const resources = [tableIn(verb, text, tableArn)];
  return [...actions].map((each) => ({ action: each, resources }));
}

/** `"table"."index" …`, with or without quotes; a bare name ends at the first dot. */
const TABLE = /^(?:"([\w.-]{1,255})"|(\w{1,255}))(?:\."([\w.-]{1,255})"|\.(\w{1,255}))?/;

function tableIn(verb: string, text: string, tableArn: TableArn): string {
  // Comments and text could hold what looks like a table's name.
  const plain = /--|\/\*/.test(text) ? "" : text.replace(/'(?:[^']|'')*'/g, "''");
  const before = verb === "INSERT" ? /\bINTO\s+/gi : verb === "UPDATE" ? /^\s*UPDATE\s+/gi : /\bFROM\s+/gi;
  const [place, ...others] = [...plain.matchAll(before)].map((match) => plain.slice(match.index + match[0].length));
  if (place === undefined || others.length > 0) return tableArn(undefined);
  const [, quoted, bare, quotedIndex, bareIndex] = TABLE.exec(place) ?? [];
  return tableArn(quoted ?? bare, quotedIndex ?? bareIndex);
}
