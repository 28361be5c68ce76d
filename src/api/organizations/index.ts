/**
 * AWS Organizations, as much of it as trails need: the organization that the accounts of an installation form. What is not
 * in the table is refused by name.
 */
import type { Organization } from "../../trails/index.ts";
import type { Operation } from "../operation.ts";
import { type DescribeOrganization, describeOrganization } from "./describe-organization.ts";

/** The operations served, by name. */
export interface OrganizationsOperations {
  readonly DescribeOrganization: Operation<object, DescribeOrganization, never>;
}

export function organizationsOperations(organization: Organization): OrganizationsOperations {
  return { DescribeOrganization: describeOrganization(organization) };
}
