import { parseArn, Refusal } from "../../core/index.ts";
import * as trails from "../../trails/index.ts";
import type { CloudtrailCall, CloudtrailFamily, CloudtrailNeeds } from "./cloudtrail-operation.ts";
import { checkOwner, placeOf } from "./find-trail.ts";
import { onTrail } from "./permissions.ts";

const RESOURCES_MAX = 20;

/**
 * AddTags, RemoveTags and ListTags: tags of trails, in their home Region.
 * @throws {Refusal} `CloudTrailARNInvalidException`, `ResourceNotFoundException`, `ResourceTypeNotSupportedException`,
 * `NotOrganizationMasterAccountException`, `InvalidTagParameterException`, `TagsLimitExceededException`;
 * `InvalidTokenException`, since ListTags has no second page.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AddTags.html
 */
export function tags({ organization }: CloudtrailNeeds): CloudtrailFamily<"AddTags" | "RemoveTags" | "ListTags"> {
  /** The ARN of a trail whose tags the caller may change. */
  const changeable = async (call: CloudtrailCall, resource: string): Promise<string> => {
    const trail = await findTagged(call, resource, organization);
    checkOwner(trail, call);
    return trail.arn;
  };
  return {
    AddTags: {
      mutates: true,
      ...onTrail(
        ({ ResourceId }) => ResourceId,
        ({ TagsList }) => TagsList,
      ),
      run: async ({ ResourceId, TagsList }, call) => {
        await trails.setTrailTags(call.tables, await changeable(call, ResourceId), TagsList);
        return {};
      },
    },
    RemoveTags: {
      mutates: true,
      ...onTrail(
        ({ ResourceId }) => ResourceId,
        ({ TagsList }) => TagsList,
      ),
      run: async ({ ResourceId, TagsList }, call) => {
        const keys = TagsList.map(({ Key }) => Key);
        await trails.removeTrailTags(call.tables, await changeable(call, ResourceId), keys);
        return {};
      },
    },
    ListTags: {
      mutates: false,
      resources: ({ ResourceIdList }) => ResourceIdList,
      run: async ({ ResourceIdList, NextToken }, call) => {
        if (NextToken !== undefined) throw new Refusal("InvalidTokenException", "NextToken is reserved for future use");
        checkCount(ResourceIdList);
        const found = [];
        for (const ResourceId of new Set(ResourceIdList)) {
          const { arn } = await findTagged(call, ResourceId, organization);
          found.push({ ResourceId, TagsList: await trails.listTrailTags(call.tables, arn) });
        }
        return { ResourceTagList: found };
      },
    },
  };
}

function checkCount(ids: readonly string[]): void {
  const constraint =
    ids.length === 0
      ? "greater than or equal to 1"
      : ids.length > RESOURCES_MAX
        ? `less than or equal to ${RESOURCES_MAX}`
        : undefined;
  if (constraint === undefined) return;
  throw new Refusal(
    "ValidationException",
    `1 validation error detected: Value '[${ids.join(", ")}]' at 'resourceIdList' failed to satisfy constraint: Member must have length ${constraint}`,
  );
}

/** What is refused of the other kinds of resources that AWS knows: there are none of them here. */
const OTHER_KINDS: Readonly<Record<string, string>> = {
  eventdatastore: "EventDataStoreNotFoundException",
  channel: "ChannelNotFoundException",
  dashboard: "ResourceNotFoundException",
};

async function findTagged(
  call: CloudtrailCall,
  text: string,
  organization: trails.Organization | undefined,
): Promise<trails.Trail> {
  const arn = parseArn(text);
  if (arn?.service !== "cloudtrail") {
    throw new Refusal("CloudTrailARNInvalidException", `The resource ARN is not valid: ${text}`);
  }
  const [kind = ""] = arn.resource.split("/");
  if (kind !== "trail") {
    const code = Object.hasOwn(OTHER_KINDS, kind) ? OTHER_KINDS[kind] : undefined;
    if (code !== undefined) throw new Refusal(code, `Unknown resource: ${text}`);
    throw new Refusal("ResourceTypeNotSupportedException", `Resources of type ${kind} have no tags: ${text}`);
  }
  const reference = trails.parseTrailReference(text, placeOf(call));
  if (arn.region !== call.region) {
    throw new Refusal(
      "CloudTrailARNInvalidException",
      `Region in ARN is wrong, you can only access resources in region ${call.region}.`,
    );
  }
  const trail = await trails.findTrail(call.tables, reference);
  if (trail !== undefined && trails.isSeenBy(trail, call.caller.account, organization)) return trail;
  throw new Refusal("ResourceNotFoundException", `Unknown resource: ${text} for the user: ${call.caller.account}`);
}
