import * as iam from "@aws-sdk/client-iam";
import type { Credentials } from "../client.ts";
import type { Gateway } from "./gateway-run.ts";

const MARYS_POLICY = JSON.stringify({
  Version: "2012-10-17",
  Statement: [
    { Effect: "Allow", Action: ["dynamodb:*", "ec2:*", "s3:*", "sqs:*", "lambda:*", "cloudwatch:*"], Resource: "*" },
    { Effect: "Deny", Action: "dynamodb:DeleteTable", Resource: "*" },
    { Effect: "Deny", Action: "s3:DeleteObject", Resource: "arn:aws:s3:::shop-of-*/keep/*" },
    { Effect: "Deny", Action: ["sqs:DeleteQueue", "lambda:DeleteFunction", "ec2:TerminateInstances"], Resource: "*" },
  ],
});

/** An opentrail.yaml whose one route lets nobody through whom OpenTrail does not know and allow. */
export function guarded(upstream: string, { accessKeyId, secretAccessKey }: Credentials): string {
  return `
routes:
  - name: guarded
    upstream: ${upstream}
    mode: enforce
    defaultService: s3
    credentials: { accessKeyId: ${accessKeyId}, secretAccessKey: ${secretAccessKey} }
`;
}

/** Mary, a user of OpenTrail's own, with her policy. */
export async function makeMary({ server }: Gateway): Promise<Credentials> {
  const { endpoint, root } = server;
  const owner = new iam.IAMClient({ endpoint, region: "us-east-1", credentials: { ...root } });
  await owner.send(new iam.CreateUserCommand({ UserName: "Mary" }));
  const policy = { PolicyName: "Shop", PolicyDocument: MARYS_POLICY };
  await owner.send(new iam.PutUserPolicyCommand({ UserName: "Mary", ...policy }));
  const { AccessKey } = await owner.send(new iam.CreateAccessKeyCommand({ UserName: "Mary" }));
  return { accessKeyId: AccessKey?.AccessKeyId ?? "", secretAccessKey: AccessKey?.SecretAccessKey ?? "" };
}
