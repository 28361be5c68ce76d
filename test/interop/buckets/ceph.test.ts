import { describe } from "vitest";
import { bucketStoreContract } from "../../../src/buckets/bucket-store-contract.fixture.ts";
import { whySkipped } from "../clients.ts";
import { CEPH_MISSING, startCeph } from "../gateway/ceph.ts";
import { openS3Contract } from "./s3-contract.ts";

describe.skipIf(CEPH_MISSING !== undefined)(`Ceph's radosgw${whySkipped(CEPH_MISSING)}`, () => {
  bucketStoreContract("S3 driver on radosgw", async () => openS3Contract(await startCeph()), {
    "mayWrite() asks for objects that are encrypted like those to come":
      "Debian's radosgw does not tell its policies how an upload in parts is to be encrypted",
  });
});
