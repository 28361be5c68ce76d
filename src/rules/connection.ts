import { Refusal } from "../core/index.ts";

export type AuthorizationType = "BASIC" | "API_KEY" | "OAUTH_CLIENT_CREDENTIALS";

/** A connection of EventBridge as it is told to anybody: without what is secret. */
export interface Connection {
  readonly arn: string;
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly description?: string;
  readonly authorizationType: AuthorizationType;
  /** Kept as it was given; secrets are sealed with our own key. */
  readonly kmsKeyIdentifier?: string;
  readonly state: "AUTHORIZED" | "DEAUTHORIZED";
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly modifiedAt: number;
  /** When it last got parameters. */
  readonly authorizedAt: number;
  /** Absent once it is deauthorized. */
  readonly shown?: ShownAuth;
}

/** How a connection authorizes requests, in the words of CreateConnection. All of it is secret together. */
export interface ConnectionAuth {
  readonly BasicAuthParameters?: { readonly Username: string; readonly Password: string } | undefined;
  readonly ApiKeyAuthParameters?: { readonly ApiKeyName: string; readonly ApiKeyValue: string } | undefined;
  readonly OAuthParameters?: OAuth | undefined;
  /** What every request bears besides. */
  readonly InvocationHttpParameters?: HttpParts | undefined;
}

export interface OAuth {
  readonly ClientParameters: { readonly ClientID: string; readonly ClientSecret: string };
  readonly AuthorizationEndpoint: string;
  readonly HttpMethod: string;
  readonly OAuthHttpParameters?: HttpParts | undefined;
}

export interface HttpParts {
  readonly HeaderParameters?: readonly HttpPart[] | undefined;
  readonly QueryStringParameters?: readonly HttpPart[] | undefined;
  readonly BodyParameters?: readonly HttpPart[] | undefined;
}

export interface HttpPart {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
  readonly IsValueSecret?: boolean | undefined;
}

/** What CreateConnection and UpdateConnection take; the latter may leave out whatever stays as it is. */
export interface GivenAuth {
  readonly BasicAuthParameters?: Given<{ Username: string; Password: string }> | undefined;
  readonly ApiKeyAuthParameters?: Given<{ ApiKeyName: string; ApiKeyValue: string }> | undefined;
  readonly OAuthParameters?:
    | (Given<Omit<OAuth, "ClientParameters" | "OAuthHttpParameters">> & {
        readonly ClientParameters?: Given<OAuth["ClientParameters"]> | undefined;
        readonly OAuthHttpParameters?: HttpParts | undefined;
      })
    | undefined;
  readonly InvocationHttpParameters?: HttpParts | undefined;
  readonly ConnectivityParameters?: unknown;
}

type Given<Members> = { readonly [Name in keyof Members]?: Members[Name] | undefined };

/** In the words of DescribeConnection. */
export interface ShownAuth {
  readonly BasicAuthParameters?: { readonly Username: string };
  readonly ApiKeyAuthParameters?: { readonly ApiKeyName: string };
  readonly OAuthParameters?: Omit<OAuth, "ClientParameters"> & {
    readonly ClientParameters: { readonly ClientID: string };
  };
  readonly InvocationHttpParameters?: HttpParts;
}

/** Which member says how, and what it must say. */
const PARAMETERS = {
  BASIC: "BasicAuthParameters",
  API_KEY: "ApiKeyAuthParameters",
  OAUTH_CLIENT_CREDENTIALS: "OAuthParameters",
} as const satisfies Record<AuthorizationType, keyof GivenAuth>;

/**
 * What was given, over what was known of a connection of the same type. Lists of headers, query and body are replaced as a
 * whole.
 * @throws {Refusal} `ValidationException` when something of the type is missing or something of another type is given,
 * when an endpoint is no URL, and for private connectivity, which we do not have.
 */
export function mergeAuth(type: AuthorizationType, given: GivenAuth, known: ConnectionAuth = {}): ConnectionAuth {
  if (given.ConnectivityParameters !== undefined)
    throw notValid("AuthParameters", "private connectivity is not supported.");
  for (const [other, member] of Object.entries(PARAMETERS)) {
    if (other === type || given[member] === undefined) continue;
    throw notValid("AuthParameters", `${member} are for connections of type ${other}.`);
  }
  const http = given.InvocationHttpParameters ?? known.InvocationHttpParameters;
  return { ...mergeOwn(type, given, known), ...(http === undefined ? {} : { InvocationHttpParameters: http }) };
}

function mergeOwn(type: AuthorizationType, given: GivenAuth, known: ConnectionAuth): ConnectionAuth {
  switch (type) {
    case "BASIC":
      return {
        BasicAuthParameters: complete(
          type,
          ["Username", "Password"],
          known.BasicAuthParameters,
          given.BasicAuthParameters,
        ),
      };
    case "API_KEY":
      return {
        ApiKeyAuthParameters: complete(
          type,
          ["ApiKeyName", "ApiKeyValue"],
          known.ApiKeyAuthParameters,
          given.ApiKeyAuthParameters,
        ),
      };
    case "OAUTH_CLIENT_CREDENTIALS":
      return { OAuthParameters: mergeOAuth(given.OAuthParameters ?? {}, known.OAuthParameters) };
  }
}

function mergeOAuth(given: NonNullable<GivenAuth["OAuthParameters"]>, known: OAuth | undefined): OAuth {
  const type = "OAUTH_CLIENT_CREDENTIALS";
  const { ClientParameters, OAuthHttpParameters = known?.OAuthHttpParameters, ...members } = given;
  const own = complete(type, ["AuthorizationEndpoint", "HttpMethod"], known, members);
  checkEndpoint("AuthorizationEndpoint", own.AuthorizationEndpoint);
  return {
    ClientParameters: complete(type, ["ClientID", "ClientSecret"], known?.ClientParameters, ClientParameters),
    AuthorizationEndpoint: own.AuthorizationEndpoint,
    HttpMethod: own.HttpMethod,
    ...(OAuthHttpParameters === undefined ? {} : { OAuthHttpParameters }),
  };
}

function complete<Name extends string>(
  type: AuthorizationType,
  names: readonly Name[],
  known: Given<Record<Name, string>> | undefined,
  given: Given<Record<Name, string>> | undefined,
): Record<Name, string> {
  const members = names.map((name): [Name, string] => {
    const value = given?.[name] ?? known?.[name];
    if (value === undefined) throw notValid("AuthParameters", `a connection of type ${type} needs ${name}.`);
    return [name, value];
  });
  return Object.fromEntries(members) as Record<Name, string>;
}

/** What may be told of it. */
export function shownAuth(auth: ConnectionAuth): ShownAuth {
  const { BasicAuthParameters: basic, ApiKeyAuthParameters: key, OAuthParameters: oauth } = auth;
  return {
    ...(basic && { BasicAuthParameters: { Username: basic.Username } }),
    ...(key && { ApiKeyAuthParameters: { ApiKeyName: key.ApiKeyName } }),
    ...(oauth && {
      OAuthParameters: {
        ClientParameters: { ClientID: oauth.ClientParameters.ClientID },
        AuthorizationEndpoint: oauth.AuthorizationEndpoint,
        HttpMethod: oauth.HttpMethod,
        ...(oauth.OAuthHttpParameters && { OAuthHttpParameters: shownParts(oauth.OAuthHttpParameters) }),
      },
    }),
    ...(auth.InvocationHttpParameters && { InvocationHttpParameters: shownParts(auth.InvocationHttpParameters) }),
  };
}

function shownParts(parts: HttpParts): HttpParts {
  const shown = (list: readonly HttpPart[] | undefined) =>
    list?.map(({ Key, Value, IsValueSecret = false }) =>
      IsValueSecret ? { Key, IsValueSecret } : { Key, Value, IsValueSecret },
    );
  return {
    HeaderParameters: shown(parts.HeaderParameters),
    QueryStringParameters: shown(parts.QueryStringParameters),
    BodyParameters: shown(parts.BodyParameters),
  };
}

/**
 * An address that requests can be sent to. AWS takes HTTPS alone; here plain HTTP passes too, since an endpoint inside the
 * own network may have no certificate: whether an address may be reached at all, the guard decides when a request is made.
 * @throws {Refusal} `ValidationException` unless it is a URL of HTTP or HTTPS with nothing secret and no `*` in its authority.
 */
export function checkEndpoint(parameter: string, text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const authority = /^https?:\/\/([^/?#]*)/i.exec(text)?.[1];
  const valid = url !== undefined && authority !== undefined && !/[*@\\\s]/.test(authority) && url.hash === "";
  if (!valid) throw notValid(parameter, "it must be an http or https URL without user, password and fragment.");
}

/** AWS's way to refuse a parameter. */
function notValid(parameter: string, why: string): Refusal {
  return new Refusal("ValidationException", `Parameter ${parameter} is not valid. Reason: ${why}`);
}
