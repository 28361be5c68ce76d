import { bucketStoreContract } from "../../../src/buckets/bucket-store-contract.fixture.ts";
import { startServer } from "../../server.ts";
import { openS3Contract } from "./s3-contract.ts";

bucketStoreContract("S3 driver on OpenTrail's own S3 API", async () => {
  // Files that nobody can delete would outlive the test.
  const server = await startServer({ environment: { OPENTRAIL_BUCKETS_IMMUTABLE: "false" } });
  return await openS3Contract({
    endpoint: server.endpoint,
    credentials: server.root,
    kmsKeyId: "alias/opentrail",
    stop: () => server.stop(),
  });
});
