import * as identity from "../../identity/index.ts";
import type { IamCall, IamFamily, IamNeeds } from "./iam-operation.ts";
import { type PageInput, readPage } from "./paging.ts";
import { type Also, onHolder, onPolicy, type Permissions, requestTags, tagKeys } from "./permissions.ts";

type Tags = IamFamily<
  | "TagUser"
  | "TagRole"
  | "TagPolicy"
  | "UntagUser"
  | "UntagRole"
  | "UntagPolicy"
  | "ListUserTags"
  | "ListRoleTags"
  | "ListPolicyTags"
>;

/**
 * Tags of users, roles and managed policies: set, remove, list by key.
 * @throws {Refusal} `NoSuchEntity`, `InvalidInput` for keys given twice, `LimitExceeded` beyond 50 tags, `AccessDenied`
 * when a policy of AWS would be changed.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagUser.html
 */
export function tags({ tokens }: IamNeeds): Tags {
  return {
    TagUser: tag("user", (input) => input.UserName),
    TagRole: tag("role", (input) => input.RoleName),
    TagPolicy: tag("policy", (input) => input.PolicyArn),
    UntagUser: untag("user", (input) => input.UserName),
    UntagRole: untag("role", (input) => input.RoleName),
    UntagPolicy: untag("policy", (input) => input.PolicyArn),
    ListUserTags: list(tokens, "user", (input) => input.UserName),
    ListRoleTags: list(tokens, "role", (input) => input.RoleName),
    ListPolicyTags: list(tokens, "policy", (input) => input.PolicyArn),
  };
}

type TaggedKind = "user" | "role" | "policy";

/** The name of a user or role, the ARN of a policy. */
type NameOf<Input> = (input: Input) => string;

function tag<Input extends { readonly Tags: readonly identity.Tag[] }>(kind: TaggedKind, nameOf: NameOf<Input>) {
  return {
    mutates: true,
    ...permissions<Input>(kind, nameOf, (input) => requestTags(input.Tags)),
    run: async (input: Input, call: IamCall): Promise<undefined> => {
      await identity.setTags(call.tables, await findToChange(call, kind, nameOf(input)), input.Tags);
      return undefined;
    },
  };
}

function untag<Input extends { readonly TagKeys: readonly string[] }>(kind: TaggedKind, nameOf: NameOf<Input>) {
  return {
    mutates: true,
    ...permissions<Input>(kind, nameOf, (input) => tagKeys(input.TagKeys)),
    run: async (input: Input, call: IamCall): Promise<undefined> => {
      await identity.removeTags(call.tables, await findToChange(call, kind, nameOf(input)), input.TagKeys);
      return undefined;
    },
  };
}

function list<Input extends PageInput>(tokens: IamNeeds["tokens"], kind: TaggedKind, nameOf: NameOf<Input>) {
  return {
    mutates: false,
    ...permissions<Input>(kind, nameOf),
    run: async (input: Input, call: IamCall) => {
      const tagged = await find(call, kind, nameOf(input));
      const all = await identity.listTags(call.tables, tagged);
      const { rows, end } = await readPage(
        tokens,
        ["ListTags", tagged.kind, tagged.id],
        input,
        (slice) => identity.sliceOf(all, identity.tagPosition, slice),
        identity.tagPosition,
      );
      return { Tags: rows, ...end };
    },
  };
}

function permissions<Input>(
  kind: TaggedKind,
  nameOf: NameOf<Input>,
  conditions?: Also<Input>["conditions"],
): Permissions<Input> {
  if (kind === "policy") return onPolicy(nameOf, conditions);
  return onHolder(kind, nameOf, conditions === undefined ? {} : { conditions });
}

async function find({ tables, caller }: IamCall, kind: TaggedKind, name: string): Promise<identity.Tagged> {
  if (kind !== "policy") return identity.findHolder(tables, caller.account, kind, name);
  return { kind, id: (await identity.findPolicy(tables, caller.account, name)).id };
}

/** What AWS manages can be looked at only. */
async function findToChange(call: IamCall, kind: TaggedKind, name: string): Promise<identity.Tagged> {
  if (kind === "policy") await identity.findOwnPolicy(call.tables, call.caller.account, name);
  return find(call, kind, name);
}
