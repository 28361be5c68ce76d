import { describe, expect, test } from "vitest";
import type { SelectableEvent, Trail, TrailSettings } from "../trail.ts";
import { DEFAULT_SELECTORS } from "./selectors.ts";
import { wantsForTrail } from "./wants-for-trail.ts";

const OWN = "123456789012";
const MEMBER = "210987654321";

function trail(settings: Partial<TrailSettings> = {}, more: Partial<Trail> = {}): Trail {
  return {
    id: "1",
    name: "all",
    arn: `arn:aws:cloudtrail:us-east-1:${OWN}:trail/all`,
    account: OWN,
    homeRegion: "us-east-1",
    createdAt: 0,
    settings: {
      bucket: "logs",
      includeGlobalServiceEvents: true,
      multiRegion: false,
      organization: false,
      validation: false,
      recursiveLogging: true,
      ...settings,
    },
    selectors: DEFAULT_SELECTORS,
    insightSelectors: [],
    logging: true,
    ...more,
  };
}

const EVENT: SelectableEvent = {
  eventCategory: "Management",
  managementEvent: true,
  eventSource: "ec2.amazonaws.com",
  eventName: "RunInstances",
  awsRegion: "us-east-1",
  recipientAccountId: OWN,
};
const iam = { eventSource: "iam.amazonaws.com" };
const sts = { eventSource: "sts.amazonaws.com", tlsDetails: { clientProvidedHostHeader: "sts.amazonaws.com" } };
const eu: Partial<Trail> = { homeRegion: "eu-west-1" };
const everywhere: Partial<TrailSettings> = { multiRegion: true };
const noGlobals: Partial<TrailSettings> = { includeGlobalServiceEvents: false };
const organization: Partial<TrailSettings> = { organization: true };

describe("wantsForTrail()", () => {
  test.each<[string, Trail, object, boolean]>([
    ["its Region's event", trail(), {}, true],
    ["another Region's", trail(), { awsRegion: "eu-west-1" }, false],
    ["another Region's, being multi-Region", trail(everywhere), { awsRegion: "eu-west-1" }, true],
    ["an event without Region, being multi-Region", trail(everywhere), { awsRegion: undefined }, false],
    ["another account's event", trail(), { recipientAccountId: MEMBER }, false],
    ["a member's, being the organization's", trail(organization), { recipientAccountId: MEMBER }, true],
    ["a stranger's, being the organization's", trail(organization), { recipientAccountId: "999999999999" }, false],
    ["its account's, being the organization's", trail(organization), {}, true],
    ["an event of a global service", trail(), iam, true],
    ["an event of a global service, elsewhere", trail({}, eu), iam, false],
    ["an event of a global service, elsewhere, multi-Region", trail(everywhere, eu), iam, true],
    ["an event of a global service that it leaves out", trail(noGlobals), iam, false],
    ["the global endpoint of STS that it leaves out", trail(noGlobals), sts, false],
    ["the Region's endpoint of STS", trail(noGlobals), { ...sts, tlsDetails: null }, true],
    ["other events of us-east-1 without global ones", trail(noGlobals), {}, true],
    ["an Insights event", trail(), { eventCategory: "Insight", managementEvent: undefined }, false],
    ["network activity that nobody selected", trail(), { eventCategory: "NetworkActivity" }, false],
    ["what deliveries cause", trail(), { userIdentity: { invokedBy: "cloudtrail.amazonaws.com" } }, true],
    [
      "what deliveries cause, not being recursive",
      trail({ recursiveLogging: false }),
      { userIdentity: { invokedBy: "cloudtrail.amazonaws.com" } },
      false,
    ],
    ["what others cause, not being recursive", trail({ recursiveLogging: false }), { userIdentity: null }, true],
  ])("judges %s", (_, given, event, expected) => {
    expect(wantsForTrail(given, [OWN, MEMBER])({ ...EVENT, ...event })).toBe(expected);
  });

  test.each([
    [MEMBER, true],
    ["../../etc", false],
    [undefined, false],
    [{}, false],
  ])("takes an organization's event of %j: %s, when nobody tells its accounts", (recipientAccountId, expected) => {
    expect(wantsForTrail(trail(organization))({ ...EVENT, recipientAccountId } as SelectableEvent)).toBe(expected);
  });
});
