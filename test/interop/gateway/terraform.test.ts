import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AuditRecord } from "../../../src/record/index.ts";
import { startServer, type TestServer } from "../../server.ts";
import { whySkipped } from "../clients.ts";
import { startGateway } from "./gateway-run.ts";
import { MOTO_MISSING, startMoto } from "./moto.ts";

const TERRAFORM = "/usr/local/bin/terraform";
const INIT_MS = 120_000;
const NEEDS = `
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
`;

const folder = mkdtempSync(join(tmpdir(), "opentrail-terraform-"));
const TERRAFORM_MISSING = terraformMissing();
const MISSING = MOTO_MISSING ?? TERRAFORM_MISSING;

// Nobody cleans up after tests that are all skipped.
if (TERRAFORM_MISSING !== undefined) rmSync(folder, { recursive: true, force: true });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Asks Terraform itself: only it knows in which mirror or registry its provider is. */
function terraformMissing(): string | undefined {
  if (!existsSync(TERRAFORM)) return `${TERRAFORM} is not there`;
  writeFileSync(join(folder, "needs.tf"), NEEDS);
  const { status, stderr } = spawnSync(TERRAFORM, ["init", "-no-color", "-input=false"], {
    cwd: folder,
    encoding: "utf8",
    timeout: INIT_MS,
  });
  if (status === 0) return undefined;
  const said = /lookup .*|Error: .*/.exec(stderr)?.[0] ?? "no answer in time";
  return `Terraform cannot get the provider hashicorp/aws: ${said}`;
}

/** A table, a queue and a bucket at an endpoint. */
function plan(endpoint: string): string {
  return `
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "AKIAORACLEORACLE0007"
  secret_key                  = "nobody-here-knows-this-key"
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  endpoints {
    dynamodb = "${endpoint}"
    s3       = "${endpoint}"
    sqs      = "${endpoint}"
  }
}

resource "aws_dynamodb_table" "guests" {
  name         = "guests-of-terraform"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "name"
  attribute {
    name = "name"
    type = "S"
  }
}

resource "aws_sqs_queue" "orders" {
  name = "orders-of-terraform"
}

resource "aws_s3_bucket" "menu" {
  bucket = "menu-of-terraform"
}
`;
}

describe.skipIf(MISSING !== undefined)(`Terraform at the gateway${whySkipped(MISSING)}`, () => {
  let records: readonly AuditRecord[];

  beforeAll(async () => {
    const moto = await startMoto();
    const gateway = await startGateway({ upstream: moto.endpoint });
    writeFileSync(join(folder, "plan.tf"), plan(gateway.server.endpoint));
    for (const command of ["apply", "destroy"]) {
      await promisify(execFile)(TERRAFORM, [command, "-no-color", "-input=false", "-auto-approve"], { cwd: folder });
    }
    records = await gateway.records();
    await moto.stop();
  }, 240_000);

  test.each(["CreateTable", "DeleteTable", "CreateQueue", "DeleteQueue", "CreateBucket", "DeleteBucket"])(
    "%s is recorded, by Terraform, and went well",
    (name) => {
      const found = records.filter(({ eventName, errorCode }) => eventName === name && errorCode === undefined);
      expect(found).toHaveLength(1);
      expect(found[0]?.userAgent).toMatch(/Terraform/);
    },
  );

  test("no call is unknown", () => {
    expect(records.filter(({ eventName }) => eventName === "UnknownOperation")).toEqual([]);
  });
});

/** A locked bucket with all that can be said of it, and trails with all that they take, but topics and log groups. */
function trailPlan({ endpoint, root }: TestServer): string {
  return `
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "${root.accessKeyId}"
  secret_key                  = "${root.secretAccessKey}"
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  endpoints {
    cloudtrail = "${endpoint}"
    s3         = "${endpoint}"
    sts        = "${endpoint}"
  }
}

resource "aws_s3_bucket" "logs" {
  bucket              = "logs-of-terraform"
  force_destroy       = true
  object_lock_enabled = true
  tags                = { team = "audit = é" }
}

resource "aws_s3_bucket_versioning" "logs" {
  bucket = aws_s3_bucket.logs.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_object_lock_configuration" "logs" {
  bucket = aws_s3_bucket_versioning.logs.bucket
  rule {
    default_retention {
      mode = "GOVERNANCE"
      days = 1
    }
  }
}

resource "aws_s3_bucket_public_access_block" "logs" {
  bucket                  = aws_s3_bucket.logs.id
  block_public_acls       = true
  ignore_public_acls      = true
  block_public_policy     = true
  restrict_public_buckets = false
}

resource "aws_s3_bucket_ownership_controls" "logs" {
  bucket = aws_s3_bucket.logs.id
  rule {
    object_ownership = "BucketOwnerPreferred"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "logs" {
  bucket = aws_s3_bucket.logs.id
  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = "arn:aws:kms:us-east-1:123456789012:alias/opentrail"
    }
  }
}

resource "aws_s3_bucket_policy" "logs" {
  bucket = aws_s3_bucket.logs.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:GetBucketAcl"
        Resource  = aws_s3_bucket.logs.arn
      },
      {
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "\${aws_s3_bucket.logs.arn}/*"
        Condition = { StringEquals = { "s3:x-amz-acl" = "bucket-owner-full-control" } }
      },
    ]
  })
}

resource "aws_s3_object" "note" {
  bucket        = aws_s3_bucket_object_lock_configuration.logs.bucket
  key           = "notes/read me ü.md"
  content       = "contents"
  content_type  = "text/markdown"
  cache_control = "no-cache"
  metadata      = { of = "terraform" }
  tags          = { a = "b" }
  force_destroy = true
}

resource "aws_cloudtrail" "basic" {
  name                          = "basic-of-terraform"
  s3_bucket_name                = aws_s3_bucket_policy.logs.bucket
  s3_key_prefix                 = "kept"
  include_global_service_events = true
  is_multi_region_trail         = true
  is_organization_trail         = false
  enable_log_file_validation    = true
  enable_logging                = true
  kms_key_id                    = "arn:aws:kms:us-east-1:123456789012:alias/opentrail"
  tags                          = { team = "audit" }
  event_selector {
    read_write_type                  = "All"
    include_management_events        = true
    exclude_management_event_sources = ["kms.amazonaws.com", "rdsdata.amazonaws.com"]
    data_resource {
      type   = "AWS::S3::Object"
      values = ["arn:aws:s3"]
    }
  }
  insight_selector {
    insight_type = "ApiCallRateInsight"
  }
  insight_selector {
    insight_type = "ApiErrorRateInsight"
  }
}

resource "aws_cloudtrail" "advanced" {
  name                          = "advanced-of-terraform"
  s3_bucket_name                = aws_s3_bucket_policy.logs.bucket
  include_global_service_events = false
  enable_logging                = false
  advanced_event_selector {
    name = "objects that stay"
    field_selector {
      field  = "eventCategory"
      equals = ["Data"]
    }
    field_selector {
      field  = "resources.type"
      equals = ["AWS::S3::Object"]
    }
    field_selector {
      field         = "resources.ARN"
      starts_with   = ["arn:aws:s3:::beans/", "arn:aws:s3:::cups/"]
      not_ends_with = [".tmp"]
    }
  }
  advanced_event_selector {
    field_selector {
      field  = "eventCategory"
      equals = ["Management"]
    }
  }
}
`;
}

const RESOURCES = 10;

describe.skipIf(TERRAFORM_MISSING !== undefined)(`Terraform's trails${whySkipped(TERRAFORM_MISSING)}`, () => {
  const place = join(folder, "trails");
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer();
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, "plan.tf"), `${NEEDS}${trailPlan(server)}`);
    await terraform("init");
  }, INIT_MS);
  afterAll(() => server.stop());

  async function terraform(...parameters: readonly string[]): Promise<string> {
    const [command = "", ...rest] = parameters;
    const all = [command, "-no-color", "-input=false", ...rest];
    return (await promisify(execFile)(TERRAFORM, all, { cwd: place })).stdout;
  }

  test("are applied, found as they were put, and destroyed", async () => {
    expect(await terraform("apply", "-auto-approve")).toContain(`${RESOURCES} added, 0 changed, 0 destroyed`);
    // It would end with 2 if anything were to be changed.
    expect(await terraform("plan", "-detailed-exitcode")).toContain("No changes");
    expect(await terraform("destroy", "-auto-approve")).toContain(`${RESOURCES} destroyed`);
  }, 240_000);
});
