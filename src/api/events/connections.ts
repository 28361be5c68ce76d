import { formatArn, optional, type PageTokens, type Random, Refusal } from "../../core/index.ts";
import type { SecretBox } from "../../identity/index.ts";
import {
  type AuthorizationType,
  type Connection,
  CONNECTIONS_MAX,
  deleteConnection,
  findConnection,
  type GivenAuth,
  listConnections,
  mergeAuth,
  openConnection,
  putConnection,
  shownAuth,
} from "../../rules/index.ts";
import type { EventsCall, EventsFamily } from "./events-operation.ts";
import { invalid, limitExceeded, placeOf } from "./named.ts";
import { behind } from "./list-filters.ts";
import { pageOf } from "./pages.ts";

export interface ConnectionOperationsNeeds {
  readonly tokens: PageTokens;
  readonly random: Random;
  readonly secrets: SecretBox;
}

type Names =
  | "CreateConnection"
  | "UpdateConnection"
  | "DeauthorizeConnection"
  | "DeleteConnection"
  | "DescribeConnection"
  | "ListConnections";

/**
 * CreateConnection, UpdateConnection, DeauthorizeConnection, DeleteConnection, DescribeConnection and ListConnections. A
 * connection is AUTHORIZED as soon as it has its parameters: an OAuth token is fetched when the first request needs it.
 * There is no secret of Secrets Manager behind it, so that none is named.
 * @throws {Refusal} `ResourceAlreadyExistsException`, `ResourceNotFoundException`, `LimitExceededException`,
 * `ValidationException`.
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateConnection.html
 */
export function connectionOperations({ tokens, random, secrets }: ConnectionOperationsNeeds): EventsFamily<Names> {
  return {
    CreateConnection: {
      mutates: true,
      resources: ({ Name }, call) => [connectionArn(Name, call)],
      run: async (input, call) => {
        const { Name: name, AuthorizationType: type, AuthParameters } = input;
        refusePrivate(input.InvocationConnectivityParameters);
        const known = await listConnections(call.tables, placeOf(call));
        if (known.some((connection) => connection.name === name)) {
          throw new Refusal("ResourceAlreadyExistsException", `Connection ${name} already exists.`);
        }
        if (known.length >= CONNECTIONS_MAX) throw limitExceeded();
        const auth = telling("create", () => mergeAuth(type as AuthorizationType, AuthParameters));
        const connection: Connection = {
          arn: `${connectionArn(name, call)}/${random.uuid()}`,
          ...placeOf(call),
          name,
          ...optional("description", input.Description),
          ...optional("kmsKeyIdentifier", input.KmsKeyIdentifier),
          // The model has no other.
          authorizationType: type as AuthorizationType,
          state: "AUTHORIZED",
          createdAt: call.now,
          modifiedAt: call.now,
          authorizedAt: call.now,
          shown: shownAuth(auth),
        };
        await putConnection(call.tables, secrets, connection, auth);
        const { LastAuthorizedTime: _, ...answer } = changeMembers(connection);
        return answer;
      },
    },
    UpdateConnection: {
      mutates: true,
      resources: ({ Name }, call) => [connectionArn(Name, call)],
      run: async (input, call) => {
        refusePrivate(input.InvocationConnectivityParameters);
        const known = await existingConnection("update", input.Name, call);
        const type = (input.AuthorizationType ?? known.authorizationType) as AuthorizationType;
        const opened = await openConnection(call.tables, secrets, known.arn);
        const auth = telling("update", () =>
          mergeAuth(type, givenAuth(input.AuthParameters), type === known.authorizationType ? opened?.auth : {}),
        );
        const connection: Connection = {
          ...known,
          ...optional("description", input.Description),
          ...optional("kmsKeyIdentifier", input.KmsKeyIdentifier),
          authorizationType: type,
          state: "AUTHORIZED",
          modifiedAt: laterThan(known.modifiedAt, call.now),
          authorizedAt: call.now,
          shown: shownAuth(auth),
        };
        await putConnection(call.tables, secrets, connection, auth);
        return changeMembers(connection);
      },
    },
    DeauthorizeConnection: {
      mutates: true,
      resources: ({ Name }, call) => [connectionArn(Name, call)],
      run: async ({ Name }, call) => {
        const { shown: _, ...known } = await existingConnection("deauthorize", Name, call);
        const modifiedAt = laterThan(known.modifiedAt, call.now);
        const connection: Connection = { ...known, state: "DEAUTHORIZED", modifiedAt };
        await putConnection(call.tables, secrets, connection, undefined);
        return changeMembers(connection);
      },
    },
    DeleteConnection: {
      mutates: true,
      resources: ({ Name }, call) => [connectionArn(Name, call)],
      run: async ({ Name }, call) => {
        const connection = await existingConnection("delete", Name, call);
        await deleteConnection(call.tables, connection.arn);
        return { ...changeMembers(connection), ConnectionState: "DELETING" };
      },
    },
    DescribeConnection: {
      mutates: false,
      resources: ({ Name }, call) => [connectionArn(Name, call)],
      run: async ({ Name }, call) => {
        const connection = await existingConnection("describe", Name, call);
        return {
          ...listMembers(connection),
          ...optional("Description", connection.description),
          ...optional("KmsKeyIdentifier", connection.kmsKeyIdentifier),
          ...optional("AuthParameters", connection.shown),
        };
      },
    },
    ListConnections: {
      mutates: false,
      run: async (input, call) => {
        const { NamePrefix = "", ConnectionState } = input;
        const found = (await listConnections(call.tables, placeOf(call))).filter(
          ({ name, state }) => name.startsWith(NamePrefix) && (ConnectionState ?? state) === state,
        );
        const query = ["ListConnections", placeOf(call), NamePrefix, ConnectionState];
        const { entries, next } = await pageOf(tokens, query, input, behind(found), ({ name }) => name);
        return { Connections: entries.map(listMembers), ...next };
      },
    },
  };
}

/** Permissions are on the name: the part of the ARN behind it is not known before. */
function connectionArn(name: string, { caller, region }: EventsCall): string {
  return formatArn("events", region, caller.account, `connection/${name}`);
}

/** @throws {Refusal} `ResourceNotFoundException`. */
async function existingConnection(verb: string, name: string, call: EventsCall): Promise<Connection> {
  const connection = await findConnection(call.tables, placeOf(call), name);
  if (connection !== undefined) return connection;
  throw new Refusal("ResourceNotFoundException", `${failedTo(verb)} Connection '${name}' does not exist.`);
}

/** AWS says first what it failed to do. */
function telling<Result>(verb: string, work: () => Result): Result {
  try {
    return work();
  } catch (thrown) {
    throw thrown instanceof Refusal ? new Refusal(thrown.code, `${failedTo(verb)} ${thrown.message}`) : thrown;
  }
}

function failedTo(verb: string): string {
  return `Failed to ${verb} the connection(s).`;
}

function refusePrivate(parameters: unknown): void {
  if (parameters === undefined) return;
  throw invalid(
    "Parameter InvocationConnectivityParameters is not valid. Reason: private connectivity is not supported.",
  );
}

function givenAuth(parameters: GivenAuth | undefined): GivenAuth {
  return parameters ?? {};
}

/** A version too, for tokens that are held: no two changes bear the same. */
function laterThan(before: number, now: number): number {
  return Math.max(now, before + 1);
}

function changeMembers({ arn, state, createdAt, modifiedAt, authorizedAt }: Connection) {
  return {
    ConnectionArn: arn,
    ConnectionState: state as string,
    CreationTime: new Date(createdAt),
    LastModifiedTime: new Date(modifiedAt),
    LastAuthorizedTime: new Date(authorizedAt),
  };
}

function listMembers(connection: Connection) {
  return {
    Name: connection.name,
    AuthorizationType: connection.authorizationType,
    ...changeMembers(connection),
  };
}
