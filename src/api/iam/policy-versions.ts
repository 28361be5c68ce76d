import * as identity from "../../identity/index.ts";
import type { IamFamily, IamNeeds } from "./iam-operation.ts";
import { readPage } from "./paging.ts";
import { onPolicy } from "./permissions.ts";
import { versionShape, wireDocument } from "./shapes.ts";

type PolicyVersions = IamFamily<
  "CreatePolicyVersion" | "GetPolicyVersion" | "ListPolicyVersions" | "SetDefaultPolicyVersion" | "DeletePolicyVersion"
>;

/**
 * The versions of a managed policy: five at most, one of them in force. Their numbers are never given twice.
 * @throws {Refusal} `NoSuchEntity`, `MalformedPolicyDocument`, `LimitExceeded`, `DeleteConflict` for the default version,
 * `AccessDenied` when a policy of AWS would be changed.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicyVersion.html
 */
export function policyVersions({ tokens }: IamNeeds): PolicyVersions {
  return {
    CreatePolicyVersion: {
      mutates: true,
      ...onPolicy((input) => input.PolicyArn),
      run: async ({ PolicyArn, PolicyDocument, SetAsDefault = false }, { tables, caller, now }) => {
        const wanted = { document: PolicyDocument, isDefault: SetAsDefault, now };
        return {
          PolicyVersion: versionShape(await identity.createPolicyVersion(tables, caller.account, PolicyArn, wanted)),
        };
      },
    },
    GetPolicyVersion: {
      mutates: false,
      ...onPolicy((input) => input.PolicyArn),
      run: async ({ PolicyArn, VersionId }, { tables, caller }) => {
        const version = await identity.findPolicyVersion(tables, caller.account, PolicyArn, VersionId);
        return { PolicyVersion: { Document: wireDocument(version.document), ...versionShape(version) } };
      },
    },
    ListPolicyVersions: {
      mutates: false,
      ...onPolicy((input) => input.PolicyArn),
      run: async (input, { tables, caller: { account } }) => {
        const versions = await identity.listPolicyVersions(tables, account, input.PolicyArn);
        const { rows, end } = await readPage(
          tokens,
          ["ListPolicyVersions", account, input.PolicyArn],
          input,
          (slice) => identity.sliceOf(versions, newestFirst, slice),
          newestFirst,
        );
        return { Versions: rows.map(versionShape), ...end };
      },
    },
    SetDefaultPolicyVersion: {
      mutates: true,
      ...onPolicy((input) => input.PolicyArn),
      run: async ({ PolicyArn, VersionId }, { tables, caller, now }) => {
        await identity.setDefaultVersion(tables, caller.account, PolicyArn, VersionId, now);
        return undefined;
      },
    },
    DeletePolicyVersion: {
      mutates: true,
      ...onPolicy((input) => input.PolicyArn),
      run: async ({ PolicyArn, VersionId }, { tables, caller }) => {
        await identity.deletePolicyVersion(tables, caller.account, PolicyArn, VersionId);
        return undefined;
      },
    },
  };
}

/** A key that grows as versions get older. */
function newestFirst({ version }: identity.PolicyVersion): string {
  return String(Number.MAX_SAFE_INTEGER - version).padStart(16, "0");
}
