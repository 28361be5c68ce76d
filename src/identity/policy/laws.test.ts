import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decide,
  type NamedPolicy,
  type PolicyRequest,
  type PolicySet,
  parsePolicy,
  type RequestPrincipal,
} from "./index.ts";

const ACCOUNT = "111122223333";
const user: RequestPrincipal = {
  kind: "user",
  account: ACCOUNT,
  arn: `arn:aws:iam::${ACCOUNT}:user/J`,
  principalId: "AIDAJJJJJJJJJJJJJ",
};
const session: RequestPrincipal = {
  kind: "role",
  account: ACCOUNT,
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/R/s`,
  principalId: "AROARRRRRRRRRRRRR:s",
  issuerArn: `arn:aws:iam::${ACCOUNT}:role/R`,
};
const root: RequestPrincipal = {
  kind: "root",
  account: ACCOUNT,
  arn: `arn:aws:iam::${ACCOUNT}:root`,
  principalId: ACCOUNT,
};

const actions = fc.constantFrom("s3:GetObject", "s3:PutObject", "iam:GetUser");
const actionPatterns = fc.constantFrom("*", "*", "s3:*", "*:Get*", "s3:GetObject", "iam:?etUser");
const resources = fc.constantFrom("arn:aws:s3:::a/x", "arn:aws:s3:::b/x", `arn:aws:s3::444455556666:c`);
const resourcePatterns = fc.constantFrom(
  "*",
  "*",
  "*",
  "arn:aws:s3:::a/*",
  "arn:aws:s3:::*/x",
  "arn:aws:s3:::${aws:username}/*",
);
const conditions = fc.constantFrom(
  {},
  {},
  {},
  { StringEquals: { "a:k": "1" } },
  { StringNotEquals: { "a:k": "${aws:username}" } },
  { "ForAllValues:StringLike": { "a:k": ["1", "2*"] } },
  { Null: { "a:k": "true" } },
);
const principals = fc.constantFrom<unknown>(
  "*",
  { AWS: ACCOUNT },
  { AWS: user.arn },
  { AWS: session.issuerArn },
  { AWS: session.arn },
);

const statement = fc.record({
  // Mostly generous, so that a good part of the requests is allowed.
  Effect: fc.constantFrom("Allow", "Allow", "Allow", "Allow", "Deny"),
  Action: actionPatterns,
  Resource: resourcePatterns,
  Condition: conditions,
});
type Written = typeof statement extends fc.Arbitrary<infer Value> ? Value : never;

/** The statements of each kind of policy, as written: compiled only when the test has changed them as it likes. */
interface Documents {
  identity: Written[][];
  boundary: Written[] | undefined;
  session: Written[][] | undefined;
  resource: (Written & { Principal: unknown })[] | undefined;
}

const statements = fc.array(statement, { minLength: 1, maxLength: 3 });
const lists = fc.array(statements, { maxLength: 3 });
const withPrincipal = fc.tuple(statement, principals).map(([written, Principal]) => ({ ...written, Principal }));
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const documents: fc.Arbitrary<Documents> = fc.record({
  identity: lists,
  boundary: maybe(statements),
  session: maybe(lists),
  resource: maybe(fc.array(withPrincipal, { minLength: 1, maxLength: 3 })),
});
const requests: fc.Arbitrary<PolicyRequest> = fc.record({
  principal: fc.constantFrom(user, session, root),
  action: actions,
  resource: resources,
  context: fc
    .record({ "a:k": fc.subarray(["1", "22"]), "aws:username": fc.subarray(["a"]) })
    .map((values) => new Map(Object.entries(values).filter(([, list]) => list.length > 0))),
});

function compile(name: string, list: readonly object[], kind: "identity" | "resource" = "identity"): NamedPolicy {
  return { name, policy: parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: list }), kind) };
}

function policiesOf({ identity, boundary, session: sessions, resource }: Documents): PolicySet {
  return {
    identity: identity.map((list, i) => compile(`identity ${i}`, list)),
    ...(boundary === undefined ? {} : { boundary: compile("boundary", boundary) }),
    ...(sessions === undefined ? {} : { session: sessions.map((list, i) => compile(`session ${i}`, list)) }),
    ...(resource === undefined ? {} : { resource: compile("resource", resource, "resource") }),
  };
}

/** Runs the law on enough cases, and asserts that both outcomes were seen: a law about nothing holds always. */
function law<Values extends [unknown, ...unknown[]]>(
  arbitraries: { [Key in keyof Values]: fc.Arbitrary<Values[Key]> },
  check: (...values: Values) => boolean,
): void {
  const seen = { true: 0, false: 0 };
  fc.assert(
    fc.property(...arbitraries, (...values) => {
      seen[check(...(values as unknown as Values)) ? "true" : "false"]++;
    }),
    { numRuns: 1000 },
  );
  expect(Math.min(seen.true, seen.false)).toBeGreaterThan(20);
}

describe("decide()", () => {
  test("decide() lets an explicit deny win, wherever it is and whatever else is there", () => {
    const where = fc.constantFrom("identity", "boundary", "session", "resource");
    law([documents, requests, where, fc.nat(3)], (given, asked, layer, place) => {
      const denial = {
        Effect: "Deny" as const,
        Action: asked.action,
        Resource: asked.resource,
        Condition: {},
      } as Written;
      const insert = <Item>(list: readonly Item[], item: Item): Item[] => list.toSpliced(place, 0, item);
      const changed: Documents = { ...given };
      if (layer === "identity") changed.identity = insert(given.identity, [denial]);
      else if (layer === "boundary") changed.boundary = insert(given.boundary ?? [], denial);
      else if (layer === "session") changed.session = insert(given.session ?? [], [denial]);
      else changed.resource = insert(given.resource ?? [], { ...denial, Principal: "*" });
      expect(decide(asked, policiesOf(changed))).toMatchObject({ allowed: false, because: "explicit-deny" });
      return decide(asked, policiesOf(given)).allowed;
    });
  });

  test("decide() never allows more because of a boundary", () => {
    law([documents, requests, statements], (given, asked, boundary) => {
      const without = decide(asked, policiesOf({ ...given, boundary: undefined })).allowed;
      const bounded = decide(asked, policiesOf({ ...given, boundary })).allowed;
      expect(bounded && !without).toBe(false);
      return bounded;
    });
  });

  test("decide() never allows more because of session policies", () => {
    law([documents, requests, lists], (given, asked, sessions) => {
      const without = decide(asked, policiesOf({ ...given, session: undefined })).allowed;
      const narrowed = decide(asked, policiesOf({ ...given, session: sessions })).allowed;
      expect(narrowed && !without).toBe(false);
      return narrowed;
    });
  });

  test("decide() never allows less because of one more Allow", () => {
    law([documents, requests, statement], (given, asked, more) => {
      const before = decide(asked, policiesOf(given)).allowed;
      const identity = [...given.identity, [{ ...more, Effect: "Allow" as const }]];
      expect(before && !decide(asked, policiesOf({ ...given, identity })).allowed).toBe(false);
      return before;
    });
  });

  test("decide() does not care about the order of statements and policies", () => {
    law([documents, requests], (given, asked) => {
      const turned = {
        identity: given.identity.map((list) => list.toReversed()).toReversed(),
        boundary: given.boundary?.toReversed(),
        session: given.session?.map((list) => list.toReversed()).toReversed(),
        resource: given.resource?.toReversed(),
      };
      const { allowed, because } = decide(asked, policiesOf(given));
      expect(decide(asked, policiesOf(turned))).toMatchObject({ allowed, because });
      return allowed;
    });
  });

  test("decide() does not care how statements are spread over identity policies", () => {
    law([documents, requests], (given, asked) => {
      const joined = { ...given, identity: given.identity.length === 0 ? [] : [given.identity.flat()] };
      const { allowed, because } = decide(asked, policiesOf(given));
      expect(decide(asked, policiesOf(joined))).toMatchObject({ allowed, because });
      return allowed;
    });
  });
});
