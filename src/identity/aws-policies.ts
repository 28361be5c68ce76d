import type { AnyManagedPolicy } from "./policies.ts";
import { type ManagedPolicy, managedPolicies } from "./policy/index.ts";
import type { PolicyVersion } from "./policy-versions.ts";

/** A policy that AWS manages, with the one version of it that is known here. */
export interface AwsPolicy {
  readonly policy: AnyManagedPolicy;
  readonly version: PolicyVersion;
}

/** AWS's policies by ARN: every account has them, and none can change them. */
export const awsPolicies: ReadonlyMap<string, AwsPolicy> = new Map(
  [...managedPolicies].map(([arn, policy]) => [arn, awsPolicy(policy)]),
);

function awsPolicy({ policyId, document, updatedAt, ...policy }: ManagedPolicy): AwsPolicy {
  const version = Number(policy.defaultVersion.slice(1));
  return {
    policy: { ...policy, id: policyId, scope: "AWS", updatedAt, defaultVersion: version },
    version: { version, document, isDefault: true, createdAt: updatedAt },
  };
}
