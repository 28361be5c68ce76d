import { formatArn, Refusal } from "../../core/index.ts";
import type { Organization } from "../../trails/index.ts";
import type { Operation } from "../operation.ts";

/** What DescribeOrganization answers. */
export interface DescribeOrganization {
  readonly Organization: {
    readonly Id: string;
    readonly Arn: string;
    readonly FeatureSet: "ALL";
    readonly MasterAccountArn: string;
    readonly MasterAccountId: string;
    readonly AvailablePolicyTypes: readonly never[];
  };
}

/**
 * DescribeOrganization: `aws cloudtrail validate-logs` asks it for the id in the keys of an organization trail.
 *
 * @throws {Refusal} `AWSOrganizationsNotInUseException` when the caller's account is none of its members.
 * @see https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeOrganization.html
 */
export function describeOrganization({ id, accounts }: Organization): Operation<object, DescribeOrganization, never> {
  const [management] = accounts;
  return {
    mutates: false,
    run: async (_, { caller }) => {
      if (!accounts.includes(caller.account)) {
        throw new Refusal("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.");
      }
      return {
        Organization: {
          Id: id,
          Arn: formatArn("organizations", "", management, `organization/${id}`),
          FeatureSet: "ALL",
          MasterAccountArn: formatArn("organizations", "", management, `account/${id}/${management}`),
          MasterAccountId: management,
          AvailablePolicyTypes: [],
        },
      };
    },
  };
}
