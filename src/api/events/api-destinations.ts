import { formatArn, optional, type PageTokens, type Random, Refusal } from "../../core/index.ts";
import {
  API_DESTINATIONS_MAX,
  type ApiDestination,
  checkEndpoint,
  type Connection,
  deleteApiDestination,
  findApiDestination,
  findConnectionByArn,
  listApiDestinations,
  listConnections,
  putApiDestination,
} from "../../rules/index.ts";
import type { EventsCall, EventsFamily } from "./events-operation.ts";
import { limitExceeded, placeOf } from "./named.ts";
import { behind } from "./list-filters.ts";
import { pageOf } from "./pages.ts";

export interface ApiDestinationOperationsNeeds {
  readonly tokens: PageTokens;
  readonly random: Random;
}

type Names =
  | "CreateApiDestination"
  | "UpdateApiDestination"
  | "DeleteApiDestination"
  | "DescribeApiDestination"
  | "ListApiDestinations";

/**
 * CreateApiDestination, UpdateApiDestination, DeleteApiDestination, DescribeApiDestination and ListApiDestinations. A
 * destination is ACTIVE as long as its connection is there and authorized.
 * @throws {Refusal} `ResourceAlreadyExistsException`, `ResourceNotFoundException`, `LimitExceededException`,
 * `ValidationException`.
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateApiDestination.html
 */
export function apiDestinationOperations({ tokens, random }: ApiDestinationOperationsNeeds): EventsFamily<Names> {
  return {
    CreateApiDestination: {
      mutates: true,
      resources: ({ Name, ConnectionArn }, call) => [destinationArn(Name, call), ConnectionArn],
      run: async (input, call) => {
        const { Name: name, ConnectionArn, InvocationEndpoint } = input;
        const known = await listApiDestinations(call.tables, placeOf(call));
        if (known.some((destination) => destination.name === name)) {
          const told = `${failedTo("create")} An api-destination '${name}' already exists.`;
          throw new Refusal("ResourceAlreadyExistsException", told);
        }
        if (known.length >= API_DESTINATIONS_MAX) throw limitExceeded();
        checkEndpointFor("create", InvocationEndpoint);
        const connection = await ownConnection("create", ConnectionArn, call);
        const destination: ApiDestination = {
          arn: `${destinationArn(name, call)}/${random.uuid()}`,
          ...placeOf(call),
          name,
          ...optional("description", input.Description),
          connectionArn: connection.arn,
          invocationEndpoint: InvocationEndpoint,
          httpMethod: input.HttpMethod,
          ...optional("ratePerSecond", input.InvocationRateLimitPerSecond),
          createdAt: call.now,
          modifiedAt: call.now,
        };
        await putApiDestination(call.tables, destination);
        return changeMembers(destination, connection);
      },
    },
    UpdateApiDestination: {
      mutates: true,
      resources: ({ Name, ConnectionArn }, call) => [
        destinationArn(Name, call),
        ...(ConnectionArn === undefined ? [] : [ConnectionArn]),
      ],
      run: async (input, call) => {
        const known = await existingDestination("update", input.Name, call);
        if (input.InvocationEndpoint !== undefined) checkEndpointFor("update", input.InvocationEndpoint);
        const connection =
          input.ConnectionArn === undefined
            ? await findConnectionByArn(call.tables, known.connectionArn)
            : await ownConnection("update", input.ConnectionArn, call);
        const destination: ApiDestination = {
          ...known,
          ...optional("description", input.Description),
          ...optional("connectionArn", input.ConnectionArn),
          ...optional("invocationEndpoint", input.InvocationEndpoint),
          ...optional("httpMethod", input.HttpMethod),
          ...optional("ratePerSecond", input.InvocationRateLimitPerSecond),
          modifiedAt: call.now,
        };
        await putApiDestination(call.tables, destination);
        return changeMembers(destination, connection);
      },
    },
    DeleteApiDestination: {
      mutates: true,
      resources: ({ Name }, call) => [destinationArn(Name, call)],
      run: async ({ Name }, call) => {
        await deleteApiDestination(call.tables, (await existingDestination("delete", Name, call)).arn);
        return {};
      },
    },
    DescribeApiDestination: {
      mutates: false,
      resources: ({ Name }, call) => [destinationArn(Name, call)],
      run: async ({ Name }, call) => {
        const destination = await existingDestination("describe", Name, call);
        const connection = await findConnectionByArn(call.tables, destination.connectionArn);
        return { ...listMembers(destination, connection), ...optional("Description", destination.description) };
      },
    },
    ListApiDestinations: {
      mutates: false,
      run: async (input, call) => {
        const { NamePrefix = "", ConnectionArn } = input;
        const found = (await listApiDestinations(call.tables, placeOf(call))).filter(
          ({ name, connectionArn }) =>
            name.startsWith(NamePrefix) && (ConnectionArn ?? connectionArn) === connectionArn,
        );
        const query = ["ListApiDestinations", placeOf(call), NamePrefix, ConnectionArn];
        const { entries, next } = await pageOf(tokens, query, input, behind(found), ({ name }) => name);
        const connections = await listConnections(call.tables, placeOf(call));
        const byArn = new Map(connections.map((connection) => [connection.arn, connection]));
        const ApiDestinations = entries.map((entry) => listMembers(entry, byArn.get(entry.connectionArn)));
        return { ApiDestinations, ...next };
      },
    },
  };
}

/** Permissions are on the name: the part of the ARN behind it is not known before. */
function destinationArn(name: string, { caller, region }: EventsCall): string {
  return formatArn("events", region, caller.account, `api-destination/${name}`);
}

/** @throws {Refusal} `ResourceNotFoundException`. */
async function existingDestination(verb: string, name: string, call: EventsCall): Promise<ApiDestination> {
  const destination = await findApiDestination(call.tables, placeOf(call), name);
  if (destination !== undefined) return destination;
  throw new Refusal("ResourceNotFoundException", `${failedTo(verb)} An api-destination '${name}' does not exist.`);
}

/** A connection of another account or Region is as good as none. */
async function ownConnection(verb: string, arn: string, call: EventsCall): Promise<Connection> {
  const { account, region } = placeOf(call);
  const connection = await findConnectionByArn(call.tables, arn);
  if (connection?.account === account && connection.region === region) return connection;
  throw new Refusal("ResourceNotFoundException", `${failedTo(verb)} Connection '${arn}' does not exist.`);
}

function checkEndpointFor(verb: string, endpoint: string): void {
  try {
    checkEndpoint("InvocationEndpoint", endpoint);
  } catch (thrown) {
    throw thrown instanceof Refusal ? new Refusal(thrown.code, `${failedTo(verb)} ${thrown.message}`) : thrown;
  }
}

/** AWS says first what it failed to do. */
function failedTo(verb: string): string {
  return `Failed to ${verb} the api-destination(s).`;
}

function changeMembers({ arn, createdAt, modifiedAt }: ApiDestination, connection: Connection | undefined) {
  return {
    ApiDestinationArn: arn,
    ApiDestinationState: connection?.state === "AUTHORIZED" ? "ACTIVE" : "INACTIVE",
    CreationTime: new Date(createdAt),
    LastModifiedTime: new Date(modifiedAt),
  };
}

function listMembers(destination: ApiDestination, connection: Connection | undefined) {
  return {
    Name: destination.name,
    ...changeMembers(destination, connection),
    ConnectionArn: destination.connectionArn,
    InvocationEndpoint: destination.invocationEndpoint,
    HttpMethod: destination.httpMethod,
    ...optional("InvocationRateLimitPerSecond", destination.ratePerSecond),
  };
}
