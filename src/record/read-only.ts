/**
 * Whether an operation only reads: a property of the operation, never of its outcome.
 *
 * The verb decides, except where CloudTrail's own records say otherwise; `source:name`, `*` for any name of the source.
 */
export function isReadOnly(eventSource: string, eventName: string): boolean {
  const service = eventSource.replace(/\.amazonaws\.com$/, "");
  return EXCEPTIONS.get(`${service}:${eventName}`) ?? READING_VERB.test(eventName);
}

const READING_VERB = /^(Get|List|Describe|Head|Search|Lookup|BatchGet|Query|Scan|Simulate|Check)(?![a-z])/;

const EXCEPTIONS: ReadonlyMap<string, boolean> = new Map([
  ["sts:AssumeRole", true],
  ["sts:AssumeRoleWithSAML", true],
  ["sts:AssumeRoleWithWebIdentity", true],
  ["sts:DecodeAuthorizationMessage", true],
  ["sts:GetFederationToken", false],
  ["sts:GetSessionToken", false],
  ["sts:AssumeRoot", false],
  ["iam:GenerateCredentialReport", false],
]);
