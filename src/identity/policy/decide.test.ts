import { describe, expect, test } from "vitest";
import {
  type Decision,
  decide,
  decideTrust,
  type NamedPolicy,
  type PolicyRequest,
  type PolicySet,
  parsePolicy,
  type RequestPrincipal,
  unreadablePolicy,
} from "./index.ts";

const HOME = "111122223333";
const AWAY = "444455556666";

const john: RequestPrincipal = {
  kind: "user",
  account: HOME,
  arn: `arn:aws:iam::${HOME}:user/dev/John`,
  principalId: "AIDAJOHNJOHNJOHN0001",
};
const root: RequestPrincipal = { kind: "root", account: HOME, arn: `arn:aws:iam::${HOME}:root`, principalId: HOME };
const deployer: RequestPrincipal = {
  kind: "role",
  account: HOME,
  arn: `arn:aws:sts::${HOME}:assumed-role/Deployer/run-7`,
  principalId: "AROADEPLOYER00000001:run-7",
  issuerArn: `arn:aws:iam::${HOME}:role/ci/Deployer`,
};
const guest: RequestPrincipal = {
  kind: "federated",
  account: HOME,
  arn: `arn:aws:sts::${HOME}:federated-user/guest`,
  principalId: `${HOME}:guest`,
  userArn: john.arn,
};
const rootGuest: RequestPrincipal = { ...guest, userArn: root.arn };

const TRAIL = `arn:aws:cloudtrail:us-east-1:${HOME}:trail/main`;
const LOGS = "arn:aws:s3:::logs/2026/a.gz";
const ROLE = `arn:aws:iam::${HOME}:role/Auditor`;
const AWAY_STORE = `arn:aws:cloudtrail:us-east-1:${AWAY}:eventdatastore/9`;

type Words = string | readonly string[];
type More = Readonly<Record<string, unknown>>;

function allow(action: Words, resource: Words = "*", more: More = {}): More {
  return { Effect: "Allow", Action: action, Resource: resource, ...more };
}

function deny(action: Words, resource: Words = "*", more: More = {}): More {
  return { Effect: "Deny", Action: action, Resource: resource, ...more };
}

function policy(
  name: string,
  statements: readonly More[],
  kind: "identity" | "trust" | "resource" = "identity",
): NamedPolicy {
  return { name, policy: parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: statements }), kind) };
}

function request(
  action: string,
  resource: string,
  principal = john,
  context: Readonly<Record<string, Words>> = {},
): PolicyRequest {
  const entries = Object.entries(context).map(([key, value]) => [key.toLowerCase(), [value].flat()] as const);
  return { principal, action, resource, context: new Map(entries) };
}

/** The decision when the only policy is an identity policy with these statements. */
function byIdentity(statements: readonly More[], asked: PolicyRequest): boolean {
  return decide(asked, { identity: [policy("p", statements)] }).allowed;
}

describe("decide(): actions", () => {
  test.each<[Words, string, boolean]>([
    ["cloudtrail:LookupEvents", "cloudtrail:LookupEvents", true],
    ["cloudtrail:lookupevents", "CloudTrail:LookupEvents", true],
    ["cloudtrail:Lookup*", "cloudtrail:LookupEvents", true],
    ["cloudtrail:*Events", "cloudtrail:LookupEvents", true],
    ["cloudtrail:Look?pEvents", "cloudtrail:LookupEvents", true],
    ["cloudtrail:Look?Events", "cloudtrail:LookupEvents", false],
    ["cloudtrail:*", "cloudtrail-data:PutAuditEvents", false],
    ["cloudtrail*:*", "cloudtrail-data:PutAuditEvents", true],
    ["*", "iam:CreateUser", true],
    ["*:*", "iam:CreateUser", true],
    ["*:Create*", "iam:CreateUser", true],
    ["iam:CreateUser", "iam:CreateUserX", false],
    ["iam:CreateUser", "iam:CreateUse", false],
    [["iam:GetUser", "iam:ListUsers"], "iam:ListUsers", true],
    [["iam:GetUser", "iam:List*"], "iam:DeleteUser", false],
  ])("decide() with Action %j on %s: %s", (action, asked, expected) => {
    expect(byIdentity([allow(action)], request(asked, "*"))).toBe(expected);
  });

  test.each<[Words, string, boolean]>([
    ["iam:*", "cloudtrail:StopLogging", true],
    ["iam:*", "IAM:CreateUser", false],
    [["iam:*", "sts:*"], "sts:AssumeRole", false],
    ["*", "sts:AssumeRole", false],
  ])("decide() with NotAction %j on %s: %s", (notAction, asked, expected) => {
    const statement = { Effect: "Allow", NotAction: notAction, Resource: "*" };
    expect(byIdentity([statement], request(asked, "*"))).toBe(expected);
  });
});

describe("decide(): resources", () => {
  test.each<[Words, string, boolean]>([
    ["*", TRAIL, true],
    [TRAIL, TRAIL, true],
    [TRAIL, TRAIL.toUpperCase(), false],
    [TRAIL, `${TRAIL}2`, false],
    ["arn:aws:cloudtrail:*:*:trail/*", TRAIL, true],
    ["arn:aws:cloudtrail:eu-*:*:trail/*", TRAIL, false],
    ["arn:aws:cloudtrail:us-east-?:*:trail/ma?n", TRAIL, true],
    ["arn:aws:s3:::logs/*", LOGS, true],
    ["arn:aws:s3:::logs", LOGS, false],
    ["arn:aws:s3:::*/a.gz", LOGS, true],
    ["arn:aws:s3:::l*gz", LOGS, true],
    // A star also matches colons and slashes.
    ["arn:aws:s3:::l*:c", "arn:aws:s3:::logs/a:b/c:c", true],
    ["arn:aws:logs:*:*:*:c", `arn:aws:logs:eu-west-1:${HOME}:log-group:a:b:c`, true],
    [["arn:aws:s3:::other/*", "arn:aws:s3:::logs/*"], LOGS, true],
    ["arn:aws:s3:::logs/*", "*", false],
  ])("decide() with Resource %j on %s: %s", (resource, asked, expected) => {
    expect(byIdentity([allow("*", resource)], request("any:Thing", asked))).toBe(expected);
  });

  test.each<[Words, string, boolean]>([
    ["arn:aws:s3:::logs/*", LOGS, false],
    ["arn:aws:s3:::other/*", LOGS, true],
    [["arn:aws:s3:::other/*", "arn:aws:s3:::l*"], LOGS, false],
  ])("decide() with NotResource %j on %s: %s", (notResource, asked, expected) => {
    const statement = { Effect: "Allow", Action: "*", NotResource: notResource };
    expect(byIdentity([statement], request("s3:GetObject", asked))).toBe(expected);
  });
});

describe("decide(): policy variables", () => {
  const ann = { "aws:username": "Ann", "aws:PrincipalTag/Team": "red", "aws:TagKeys": ["a", "b"] };
  test.each<[string, string, boolean]>([
    ["arn:aws:s3:::home/${aws:username}/*", "arn:aws:s3:::home/Ann/x", true],
    ["arn:aws:s3:::home/${aws:username}/*", "arn:aws:s3:::home/Bob/x", false],
    ["arn:aws:s3:::home/${AWS:UserName}/*", "arn:aws:s3:::home/Ann/x", true],
    ["arn:aws:s3:::${aws:PrincipalTag/team}-${aws:username}", "arn:aws:s3:::red-Ann", true],
    ["arn:aws:s3:::home/${aws:userid}/*", "arn:aws:s3:::home//x", false],
    ["arn:aws:s3:::home/${aws:userid, 'nobody'}/*", "arn:aws:s3:::home/nobody/x", true],
    ["arn:aws:s3:::home/${aws:username, 'nobody'}/*", "arn:aws:s3:::home/nobody/x", false],
    ["arn:aws:s3:::home/${aws:userid, ''}x", "arn:aws:s3:::home/x", true],
    ["arn:aws:s3:::home/${aws:TagKeys}", "arn:aws:s3:::home/a", false],
    ["arn:aws:s3:::home/${*}", "arn:aws:s3:::home/*", true],
    ["arn:aws:s3:::home/${*}", "arn:aws:s3:::home/x", false],
    ["arn:aws:s3:::home/${?}", "arn:aws:s3:::home/x", false],
    ["arn:aws:s3:::home/${$}{aws:username}", "arn:aws:s3:::home/${aws:username}", true],
  ])("decide() with Resource %s on %s: %s", (resource, asked, expected) => {
    expect(byIdentity([allow("s3:*", resource)], request("s3:GetObject", asked, john, ann))).toBe(expected);
  });

  test.each([
    ["a star in a name is only a star", "*", "arn:aws:s3:::home/Bob", false],
    ["a question mark in a name is only that", "???", "arn:aws:s3:::home/Bob", false],
    ["a variable in a name is not read again", "${aws:userid}", "arn:aws:s3:::home/1", false],
    ["and the name itself does match", "*", "arn:aws:s3:::home/*", true],
  ])("decide() takes variables at their word: %s", (_, name, asked, expected) => {
    const context = { "aws:username": name, "aws:userid": "1" };
    const statements = [allow("s3:*", "arn:aws:s3:::home/${aws:username}")];
    expect(byIdentity(statements, request("s3:GetObject", asked, john, context))).toBe(expected);
  });

  test("decide() lets a NotResource with an unknown variable match nothing", () => {
    const statement = { Effect: "Allow", Action: "*", NotResource: "arn:aws:s3:::home/${aws:username}/*" };
    expect(byIdentity([statement], request("s3:GetObject", LOGS, deployer))).toBe(false);
    expect(byIdentity([statement], request("s3:GetObject", LOGS, john, ann))).toBe(true);
  });

  test("decide() leaves ${…} alone in policies of version 2008-10-17", () => {
    const statement = allow("s3:*", "arn:aws:s3:::home/${aws:username}");
    const old = { name: "old", policy: parsePolicy(JSON.stringify({ Statement: statement }), "identity") };
    const asked = (resource: string) =>
      decide(request("s3:GetObject", resource, john, ann), { identity: [old] }).allowed;
    expect(asked("arn:aws:s3:::home/Ann")).toBe(false);
    expect(asked("arn:aws:s3:::home/${aws:username}")).toBe(true);
  });
});

describe("decide(): policies of one caller", () => {
  const anything = policy("all", [allow("*")]);
  const reading = policy("read", [allow("cloudtrail:Get*")]);
  const noStop = policy("noStop", [deny("cloudtrail:StopLogging", "*", { Sid: "KeepLogging" })]);
  const stop = request("cloudtrail:StopLogging", TRAIL);
  const get = request("cloudtrail:GetTrail", TRAIL);
  const as = (asked: PolicyRequest, principal: RequestPrincipal): PolicyRequest => ({ ...asked, principal });

  test.each<[string, PolicyRequest, PolicySet, Decision["because"]]>([
    ["nothing allows", get, { identity: [] }, "no-identity-policy"],
    ["one of several allows", get, { identity: [noStop, reading] }, "allowed"],
    ["a deny beside an allow", stop, { identity: [anything, noStop] }, "explicit-deny"],
    ["a deny before an allow", stop, { identity: [noStop, anything] }, "explicit-deny"],
    ["a deny of something else", get, { identity: [noStop, anything] }, "allowed"],
    ["a deny alone allows nothing else", get, { identity: [noStop] }, "no-identity-policy"],
    ["a boundary that allows too", get, { identity: [anything], boundary: reading }, "allowed"],
    ["a boundary that does not allow", stop, { identity: [anything], boundary: reading }, "boundary"],
    ["a boundary alone gives nothing", get, { identity: [], boundary: anything }, "no-identity-policy"],
    ["a boundary that denies", stop, { identity: [anything], boundary: noStop }, "explicit-deny"],
    ["a session policy that allows too", as(get, deployer), { identity: [anything], session: [reading] }, "allowed"],
    [
      "a session policy that does not",
      as(stop, deployer),
      { identity: [anything], session: [reading] },
      "session-policy",
    ],
    [
      "one of two session policies",
      as(stop, deployer),
      { identity: [anything], session: [reading, anything] },
      "allowed",
    ],
    [
      "a session policy alone gives nothing",
      as(get, deployer),
      { identity: [], session: [anything] },
      "no-identity-policy",
    ],
    [
      "a session policy that denies",
      as(stop, deployer),
      { identity: [anything], session: [anything, noStop] },
      "explicit-deny",
    ],
    [
      "boundary and session policy",
      as(get, deployer),
      { identity: [anything], boundary: reading, session: [reading] },
      "allowed",
    ],
    [
      "boundary before session policy",
      as(stop, deployer),
      { identity: [anything], boundary: reading, session: [reading] },
      "boundary",
    ],
    [
      "a federated user without session policy",
      as(get, guest),
      { identity: [anything], session: [] },
      "session-policy",
    ],
    ["a federated user with one", as(get, guest), { identity: [anything], session: [reading] }, "allowed"],
    [
      "a federated user beyond the user",
      as(stop, guest),
      { identity: [reading], session: [anything] },
      "no-identity-policy",
    ],
    ["a federated user of root", as(get, rootGuest), { identity: [], session: [reading] }, "allowed"],
    [
      "a federated user of root, beyond the session",
      as(stop, rootGuest),
      { identity: [], session: [reading] },
      "session-policy",
    ],
    ["root without any policy", as(stop, root), { identity: [] }, "allowed"],
  ])("decide() %s", (_, asked, policies, because) => {
    const decision = decide(asked, policies);
    expect(decision.because).toBe(because);
    expect(decision.allowed).toBe(because === "allowed");
  });

  test("decide() names the policy and the statement that decided", () => {
    expect(decide(stop, { identity: [anything, noStop] })).toEqual({
      allowed: false,
      because: "explicit-deny",
      layer: "identity",
      policy: "noStop",
      sid: "KeepLogging",
    });
    expect(decide(get, { identity: [noStop, reading] })).toEqual({
      allowed: true,
      because: "allowed",
      layer: "identity",
      policy: "read",
    });
  });

  test.each<[string, (broken: NamedPolicy) => PolicySet]>([
    ["an identity policy", (broken) => ({ identity: [anything, broken] })],
    ["a boundary", (broken) => ({ identity: [anything], boundary: broken })],
    ["a session policy", (broken) => ({ identity: [anything], session: [anything, broken] })],
    ["a resource policy", (broken) => ({ identity: [anything], resource: broken })],
  ])("decide() denies everything when %s cannot be read", (_, policies) => {
    const broken = { name: "broken", policy: unreadablePolicy("identity", "{", "not JSON") };
    expect(decide(get, policies(broken))).toMatchObject({
      allowed: false,
      because: "unreadable-policy",
      policy: "broken",
    });
  });
});

describe("decide(): resource policies", () => {
  const to = (principal: unknown, action: Words = "*", more: More = {}) =>
    policy("resource", [{ Effect: "Allow", Principal: principal, Action: action, Resource: "*", ...more }], "resource");
  const not = (names: Words) =>
    policy("resource", [{ Effect: "Deny", NotPrincipal: { AWS: names }, Action: "*", Resource: "*" }], "resource");
  const anything = [policy("all", [allow("*")])];
  const nothing = policy("nothing", [allow("none:None")]);
  const accountArn = `arn:aws:iam::${HOME}:root`;

  test.each<[string, RequestPrincipal, PolicySet, Decision["because"]]>([
    ["names the user", john, { identity: [], resource: to({ AWS: john.arn }) }, "allowed"],
    ["names the user's unique id", john, { identity: [], resource: to({ AWS: john.principalId }) }, "allowed"],
    [
      "names another user",
      john,
      { identity: [], resource: to({ AWS: `arn:aws:iam::${HOME}:user/Mary` }) },
      "no-identity-policy",
    ],
    [
      "names the user, beside a boundary",
      john,
      { identity: [], boundary: nothing, resource: to({ AWS: john.arn }) },
      "allowed",
    ],
    ["names everybody", john, { identity: [], resource: to("*") }, "allowed"],
    ["names everybody as AWS", john, { identity: [], resource: to({ AWS: "*" }) }, "allowed"],
    ["names everybody, beside a boundary", john, { identity: [], boundary: nothing, resource: to("*") }, "boundary"],
    ["names the account", john, { identity: [], resource: to({ AWS: accountArn }) }, "no-identity-policy"],
    [
      "names the account by number, identity allows",
      john,
      { identity: anything, resource: to({ AWS: HOME }) },
      "allowed",
    ],
    [
      "names the account, boundary does not allow",
      john,
      { identity: anything, boundary: nothing, resource: to({ AWS: HOME }) },
      "boundary",
    ],
    [
      "names the session",
      deployer,
      { identity: [], boundary: nothing, session: [nothing], resource: to({ AWS: deployer.arn }) },
      "allowed",
    ],
    ["names the role", deployer, { identity: [], resource: to({ AWS: deployer.issuerArn }) }, "allowed"],
    [
      "names the role's unique id",
      deployer,
      { identity: [], resource: to({ AWS: "AROADEPLOYER00000001" }) },
      "allowed",
    ],
    [
      "names the beginning of the role's unique id",
      deployer,
      { identity: [], resource: to({ AWS: "AROADEPLOYER0000000" }) },
      "no-identity-policy",
    ],
    [
      "names the role, beside a session policy",
      deployer,
      { identity: [], session: [nothing], resource: to({ AWS: deployer.issuerArn }) },
      "session-policy",
    ],
    [
      "names the role, beside a boundary",
      deployer,
      { identity: [], boundary: nothing, resource: to({ AWS: deployer.issuerArn }) },
      "boundary",
    ],
    ["names the federated user", guest, { identity: [], session: [], resource: to({ AWS: guest.arn }) }, "allowed"],
    [
      "names the federated user's user",
      guest,
      { identity: [], session: [], resource: to({ AWS: john.arn }) },
      "session-policy",
    ],
    [
      "names a service",
      john,
      { identity: [], resource: to({ Service: "cloudtrail.amazonaws.com" }) },
      "no-identity-policy",
    ],
    [
      "allows another action",
      john,
      { identity: [], resource: to({ AWS: john.arn }, "s3:PutObject") },
      "no-identity-policy",
    ],
    [
      "is silent, identity allows",
      john,
      { identity: anything, resource: to({ AWS: `arn:aws:iam::${AWAY}:root` }) },
      "allowed",
    ],
    [
      "denies everybody but others",
      john,
      { identity: anything, resource: not(`arn:aws:iam::${HOME}:user/Mary`) },
      "explicit-deny",
    ],
    ["denies everybody but the user", john, { identity: anything, resource: not([john.arn, accountArn]) }, "allowed"],
    ["denies everybody but the account", john, { identity: anything, resource: not(accountArn) }, "explicit-deny"],
    [
      "denies everybody but the role",
      deployer,
      { identity: anything, resource: not([deployer.issuerArn ?? "", accountArn]) },
      "allowed",
    ],
    ["denies root all the same", root, { identity: [], resource: not(john.arn) }, "explicit-deny"],
  ])("decide() when the resource policy %s", (_, principal, policies, because) => {
    const decision = decide(request("s3:GetObject", LOGS, principal), policies);
    expect(decision.because).toBe(because);
    expect(decision.allowed).toBe(because === "allowed");
  });

  test.each<[string, RequestPrincipal, PolicySet, Decision["because"]]>([
    ["identity policy only", john, { identity: anything }, "resource-policy"],
    [
      "resource policy only, names the user",
      john,
      { identity: [], resource: to({ AWS: john.arn }) },
      "no-identity-policy",
    ],
    ["both, names the user", john, { identity: anything, resource: to({ AWS: john.arn }) }, "allowed"],
    ["both, names the account", john, { identity: anything, resource: to({ AWS: HOME }) }, "allowed"],
    [
      "both, names the resource's own account",
      john,
      { identity: anything, resource: to({ AWS: AWAY }) },
      "resource-policy",
    ],
    [
      "both, beside a boundary",
      john,
      { identity: anything, boundary: nothing, resource: to({ AWS: john.arn }) },
      "boundary",
    ],
    [
      "both, beside a session policy",
      deployer,
      { identity: anything, session: [nothing], resource: to({ AWS: deployer.arn }) },
      "session-policy",
    ],
    ["root of the other account", root, { identity: [] }, "resource-policy"],
    ["root of the other account, named", root, { identity: [], resource: to({ AWS: HOME }) }, "allowed"],
  ])("decide() across accounts: %s", (_, principal, policies, because) => {
    expect(decide(request("cloudtrail:StartQuery", AWAY_STORE, principal), policies).because).toBe(because);
  });

  test("decide() goes by the closest name when several statements allow", () => {
    const names = [{ AWS: HOME }, { AWS: john.arn }, "*"];
    const turns = [names, names.toReversed(), [...names.slice(1), { AWS: HOME }]];
    for (const turn of turns) {
      const list = turn.map((Principal) => ({ ...allow("*"), Principal }));
      const policies = { identity: [], boundary: nothing, resource: policy("resource", list, "resource") };
      expect(decide(request("s3:GetObject", LOGS), policies).allowed).toBe(true);
    }
  });

  test("decide() takes a bucket's account from aws:ResourceAccount", () => {
    const asked = request("s3:GetObject", LOGS, john, { "aws:ResourceAccount": AWAY });
    expect(decide(asked, { identity: anything }).because).toBe("resource-policy");
  });

  test("decide() takes AWS's own policies for a resource at home", () => {
    const asked = request("iam:GetPolicy", "arn:aws:iam::aws:policy/ReadOnlyAccess");
    expect(decide(asked, { identity: anything }).allowed).toBe(true);
  });
});

describe("decideTrust()", () => {
  const trusts = (principal: unknown, more: More = {}) =>
    policy("trust", [{ Effect: "Allow", Principal: principal, Action: "sts:AssumeRole", ...more }], "trust");
  const may = [policy("may", [allow("sts:AssumeRole", ROLE)])];
  const external = { Condition: { StringEquals: { "sts:ExternalId": "42" } } };
  const visitor: RequestPrincipal = {
    ...john,
    account: AWAY,
    arn: `arn:aws:iam::${AWAY}:user/Vic`,
    principalId: "AIDAVIC0000000000001",
  };

  test.each<[string, RequestPrincipal, NamedPolicy, PolicySet, string, string]>([
    ["the user, nothing else", john, trusts({ AWS: john.arn }), { identity: [] }, "principal", "allowed"],
    ["the account, nothing else", john, trusts({ AWS: HOME }), { identity: [] }, "account", "no-identity-policy"],
    ["the account, and the user may", john, trusts({ AWS: HOME }), { identity: may }, "account", "allowed"],
    [
      "somebody else, though the user may",
      john,
      trusts({ AWS: visitor.arn }),
      { identity: may },
      "none",
      "trust-policy",
    ],
    ["everybody", john, trusts({ AWS: "*" }), { identity: [] }, "principal", "allowed"],
    ["the caller's role", deployer, trusts({ AWS: deployer.issuerArn }), { identity: [] }, "principal", "allowed"],
    ["a service", john, trusts({ Service: "ec2.amazonaws.com" }), { identity: may }, "none", "trust-policy"],
    [
      "a user abroad, who may not",
      visitor,
      trusts({ AWS: visitor.arn }),
      { identity: [] },
      "principal",
      "no-identity-policy",
    ],
    ["a user abroad, who may", visitor, trusts({ AWS: visitor.arn }), { identity: may }, "principal", "allowed"],
    ["an account abroad, whose user may", visitor, trusts({ AWS: AWAY }), { identity: may }, "account", "allowed"],
    ["nobody abroad, though the user may", visitor, trusts({ AWS: HOME }), { identity: may }, "none", "trust-policy"],
    [
      "who brings the external id, and it is missing",
      john,
      trusts({ AWS: john.arn }, external),
      { identity: may },
      "none",
      "trust-policy",
    ],
    [
      "a user whose own policy denies",
      john,
      trusts({ AWS: john.arn }),
      { identity: [policy("no", [deny("sts:*")])] },
      "principal",
      "explicit-deny",
    ],
    ["the account's root", root, trusts({ AWS: HOME }), { identity: [] }, "principal", "allowed"],
  ])("decideTrust() when the role trusts %s", (_, principal, trust, policies, trusted, because) => {
    const decision = decideTrust(request("sts:AssumeRole", ROLE, principal), trust, policies);
    expect(decision).toMatchObject({ trusted, because, allowed: because === "allowed" });
  });

  test("decideTrust() accepts the right external id only", () => {
    const ask = (id: string) =>
      decideTrust(
        request("sts:AssumeRole", ROLE, john, { "sts:ExternalId": id }),
        trusts({ AWS: john.arn }, external),
        {
          identity: [],
        },
      ).allowed;
    expect([ask("42"), ask("43")]).toEqual([true, false]);
  });

  test("decideTrust() says that the trust policy denied", () => {
    const trust = policy(
      "trust",
      [
        { Effect: "Allow", Principal: { AWS: HOME }, Action: "sts:*" },
        { Sid: "NotJohn", Effect: "Deny", Principal: { AWS: john.arn }, Action: "sts:AssumeRole" },
      ],
      "trust",
    );
    const decision = decideTrust(request("sts:AssumeRole", ROLE), trust, { identity: may });
    expect(decision).toMatchObject({ allowed: false, because: "explicit-deny", layer: "trust", sid: "NotJohn" });
  });
});
