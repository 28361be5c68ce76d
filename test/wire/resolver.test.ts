import { describe, expect, test } from "vitest";
import type { OperationModel, WireRequest } from "../../src/aws/index.ts";
import { openCatalog, serializeRequest } from "../../src/aws/index.ts";
import { ALIKE, SAME } from "../alike-operations.ts";
import type { SampleOptions } from "../sample-input.ts";
import { sampleInput } from "../sample-input.ts";

/** Every operation of every service, as our own client side writes it, must be found again. */

const SAMPLES: Readonly<Record<string, SampleOptions>> = {
  "what is required": { optional: false, label: "some-label" },
  "every member": { optional: true, label: "some-label" },
  "an ARN in the path": { optional: false, label: "arn:aws:some:us-east-1:123456789012:thing/some/id" },
};

/** Operations that are signed under another name than the others of their service. */
const SIGNED_AS: Readonly<Record<string, string>> = {
  "s3 ListDirectoryBuckets": "s3express",
  "s3 WriteGetObjectResponse": "s3-object-lambda",
};

const catalog = openCatalog();
const OPERATIONS: readonly OperationModel[] = catalog
  .services()
  .flatMap(({ id }) => [...(catalog.model(id)?.operations.values() ?? [])]);

/** The operation's key in its model; CloudFront's operations have their version in the name on the wire. */
function keyOf({ name, service }: OperationModel): string {
  return `${service.name} ${service.name === "cloudfront" ? name.replace(/\d{4}_\d\d_\d\d$/, "") : name}`;
}

function requestOf(operation: OperationModel, options: SampleOptions): WireRequest {
  const input = sampleInput(operation.input, options);
  return serializeRequest(operation, operation.service.protocol, input, { host: "127.0.0.1:4580" });
}

function found(operation: OperationModel, request: WireRequest) {
  const signingName = SIGNED_AS[keyOf(operation)] ?? operation.service.signingName;
  const call = catalog.resolve(request, { signingName });
  return { key: `${call.service?.id} ${call.operation ?? call.eventName}`, call };
}

describe("the catalog", () => {
  test("has every service and operation of botocore", () => {
    expect(catalog.services().length).toBe(439);
    expect(OPERATIONS.length).toBe(19_796);
  });

  describe.each(Object.entries(SAMPLES))("resolve() of requests with %s", (_, options) => {
    test("finds every operation", () => {
      const wrong: string[] = [];
      for (const operation of OPERATIONS) {
        const key = keyOf(operation);
        const { key: resolved, call } = found(operation, requestOf(operation, options));
        const isRight = resolved === key || resolved === ALIKE[key] || resolved === SAME[key];
        const isSameEvent =
          call.eventName === key.split(" ")[1] &&
          call.eventSource === catalog.service(operation.service.name)?.eventSource;
        if (!isRight && !isSameEvent) wrong.push(`${key} is taken for ${resolved}`);
      }
      expect(wrong).toEqual([]);
    });
  });
});
