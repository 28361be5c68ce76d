/**
 * Left out of every record, whatever service they belong to: what would let a reader of the log act as the caller.
 * Names of structure members, as in the models.
 */
export const SECRET_MEMBERS: ReadonlySet<string> = new Set([
  "AuthenticationCode1",
  "AuthenticationCode2",
  "NewPassword",
  "OldPassword",
  "Password",
  "SAMLAssertion",
  "SecretAccessKey",
  "SessionToken",
  "Token",
  "TokenCode",
  "WebIdentityToken",
]);

/**
 * Whether a value of this name lets its reader act as somebody: told from the last words of the name, however they are
 * joined (`MasterUserPassword`, `db_password`, `AWS_SECRET_ACCESS_KEY`, `x-api-key`). Models forget to mark some of these,
 * and the keys of maps and free JSON have no model at all.
 *
 * A name *of* a secret (`SecretId`, `PasswordPolicy`) and a token of paging or idempotency is none.
 */
export function isSecretName(name: string): boolean {
  const end = name.slice(-NAME_LENGTH_MAX);
  if (!MAYBE.test(end)) return false;
  const words = end.replace(CASE_CHANGE, "$1 ").replace(NOT_LETTERS, " ").trim().toLowerCase();
  return SECRET.test(words) || (TOKEN.test(words) && !HARMLESS_TOKEN.test(words));
}

/** No member has a longer name; keys of maps are the caller's and may be anything. */
const NAME_LENGTH_MAX = 256;

/** A quick look that rules most names out. */
const MAYBE = /pass|pwd|secret|token|key|assertion|code|otp|pin|plain|connection|user.?data|auth|cookie/i;
const CASE_CHANGE = /([a-z0-9](?=[A-Z])|[A-Z](?=[A-Z][a-z]))/g;
const NOT_LETTERS = /[^A-Za-z0-9]+/g;

const SECRET = new RegExp(
  `(?:^| )(?:${[
    "(?:password|passwd|passphrase|pwd|passcode)s?",
    "password (?:data|verifier)",
    "secrets?",
    "(?:client |shared )?secret (?:access )?keys?",
    "secret (?:string|binary|hash|code|value)s?",
    "secret to authenticate (?:initiator|target)",
    "private keys?(?: base ?64| plaintext| pem)?",
    "(?:api|access|auth|pre ?shared|shared) ?keys?(?: value)?",
    "(?:saml )?assertion",
    "(?:auth|authorization|authentication|confirmation|verification|token|mfa|totp) ?codes?(?: ?[12])?",
    "otp|(?:personal |two factor )?pin",
    "plain ?text",
    "connection strings?",
    "user ?data",
    "(?<!public )key material",
    "(?:set )?cookies?",
    "token (?:key|value|code)",
  ].join("|")})$|^authorization$`,
);

const TOKEN = /(?:^| )tokens?$/;
/**
 * The word before `token` that makes it one of paging, of idempotency, or of optimistic locking, a count of a model's tokens,
 * a word for whether tokens are asked for, a condition of a policy, or what stands in the DNS.
 */
const HARMLESS_TOKEN = new RegExp(
  `(?:^| )(?:${[
    "next|previous|starting|page|pagination|continuation|backward|forward|chunk|message|marker",
    "client|request|idempotency|creation|conditional|operation",
    "change|lock|update|sequence|checkpoint|version|configuration",
    "lifecycle action|block|retrieval|result|purchase|anomaly",
    "provision|product|execute|workflow|terminate|share",
    "max|min|input|output|total|stop|overlap|training|every n",
    "http|event source|dkim",
  ].join("|")}) tokens?$`,
);
