import { parseArn, Refusal } from "../../core/index.ts";
import type { CloudtrailFamily } from "./cloudtrail-operation.ts";

type ResourceInput = { readonly ResourceArn: string };

/**
 * PutResourcePolicy, GetResourcePolicy and DeleteResourcePolicy: policies of channels, dashboards and event data stores,
 * none of which exist here. A trail takes no policy.
 * @throws {Refusal} `ResourceARNNotValidException`, `ResourceTypeNotSupportedException`, `ResourceNotFoundException`.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutResourcePolicy.html
 */
export const resourcePolicies: CloudtrailFamily<"PutResourcePolicy" | "GetResourcePolicy" | "DeleteResourcePolicy"> = {
  PutResourcePolicy: refusing(true),
  GetResourcePolicy: refusing(false),
  DeleteResourcePolicy: refusing(true),
};

const KINDS_WITH_POLICY: ReadonlySet<string> = new Set(["channel", "dashboard", "eventdatastore"]);

function refusing(mutates: boolean) {
  return {
    mutates,
    resources: ({ ResourceArn }: ResourceInput): readonly string[] => [ResourceArn],
    run: async ({ ResourceArn }: ResourceInput): Promise<never> => {
      const arn = parseArn(ResourceArn);
      if (arn?.service !== "cloudtrail") {
        throw new Refusal("ResourceARNNotValidException", `The resource ARN is not valid: ${ResourceArn}`);
      }
      const [kind = ""] = arn.resource.split("/");
      if (KINDS_WITH_POLICY.has(kind)) {
        throw new Refusal("ResourceNotFoundException", `Unknown resource: ${ResourceArn}`);
      }
      throw new Refusal(
        "ResourceTypeNotSupportedException",
        `Resources of type ${kind} have no resource policy: ${ResourceArn}`,
      );
    },
  };
}
