import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AuditRecord } from "../../../src/record/index.ts";
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
const MISSING = MOTO_MISSING ?? terraformMissing();
if (MISSING !== undefined) rmSync(folder, { recursive: true, force: true });

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
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

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
