import type { ManagedPolicy } from "./policies.ts";
import type { PolicyVersion } from "./policy-versions.ts";

/** A policy that AWS manages, with the one version of it that is known here. */
export interface AwsPolicy {
  readonly policy: ManagedPolicy;
  readonly version: PolicyVersion;
}

export function awsPolicies(): readonly AwsPolicy[] {
  return [];
}

export function awsPolicy(arn: string): AwsPolicy | undefined {
  return awsPolicies().find((each) => each.policy.arn === arn);
}
