import type { AuditRecord } from "../src/record/index.ts";

/**
 * Synthetic CloudTrail records of about 1.5 kB, for measurements: what a busy account with many teams looks like. Few
 * users and roles make most calls, a few calls are most of them, four in five only read, some fail, some arrive late; ids
 * are as random as real ones. Session tokens are not there, for they never reach the journal. The same seed gives the
 * same bytes.
 */
export interface SyntheticRecord {
  readonly eventID: string;
  /** eventTime, milliseconds since 1970, whole seconds. */
  readonly timeMs: number;
  readonly record: AuditRecord;
  /** The record as minified JSON. */
  readonly bytes: Uint8Array;
}

export interface SyntheticOptions {
  readonly seed: number;
  /** eventTime of the first record, milliseconds since 1970. */
  readonly startMs: number;
  /** How many records share one second. */
  readonly perSecond: number;
}

export const SYNTHETIC_ACCOUNT = "123456789012";
export const SYNTHETIC_REGION = "us-east-1";
const USERS = 400;
const ROLES = 150;
const BUCKETS = 2_000;
const INSTANCES = 5_000;
const KEYS = 300;
const FUNCTIONS = 800;

export class SyntheticRecords {
  readonly #random: Random;
  readonly #options: SyntheticOptions;
  #index = 0;

  constructor(options: SyntheticOptions) {
    this.#random = new Random(options.seed);
    this.#options = options;
  }

  next(): SyntheticRecord {
    const random = this.#random;
    const arrivalMs = this.#options.startMs + Math.floor(this.#index++ / this.#options.perSecond) * 1000;
    // Parallel hosts and slow deliveries: most events are a few seconds old, one in fifty up to a quarter of an hour.
    const lateS = random.chance(0.02) ? random.below(900) : random.below(4);
    const timeMs = arrivalMs - lateS * 1000;
    const eventID = random.uuid();
    const call = CALLS[random.skewed(CALLS.length)] as Call;
    const record = recordOf(random, call, eventID, timeMs);
    return { eventID, timeMs, record, bytes: Buffer.from(JSON.stringify(record)) };
  }
}

interface Call {
  readonly source: string;
  readonly name: string;
  readonly readOnly: boolean;
  readonly host: string;
  readonly detail: (random: Random) => Detail;
}

interface Detail {
  readonly requestParameters: unknown;
  readonly responseElements?: unknown;
  readonly additionalEventData?: unknown;
  readonly resources?: readonly { accountId: string; type: string; ARN: string }[];
}

function call(service: string, name: string, readOnly: boolean, detail: (random: Random) => Detail): Call {
  const host = service === "iam" ? "iam.amazonaws.com" : `${service}.${SYNTHETIC_REGION}.amazonaws.com`;
  return { source: `${service}.amazonaws.com`, name, readOnly, host, detail };
}

/** The most frequent first: a call's share falls with its place. */
const CALLS: readonly Call[] = [
  call("kms", "Decrypt", true, kmsKey),
  call("sts", "AssumeRole", true, assumeRole),
  call("ec2", "DescribeInstances", true, describe),
  call("s3", "GetBucketAcl", true, (random) => bucket(random, { acl: "" })),
  call("iam", "GetRole", true, (random) => ({ requestParameters: { roleName: roleName(random) } })),
  call("lambda", "GetFunction20150331v2", true, (random) => ({
    requestParameters: { functionName: functionName(random) },
  })),
  call("ec2", "DescribeNetworkInterfaces", true, describe),
  call("kms", "GenerateDataKey", true, kmsKey),
  call("logs", "DescribeLogStreams", true, (random) => ({
    requestParameters: { logGroupName: `/aws/lambda/${functionName(random)}`, limit: 50, descending: true },
  })),
  call("iam", "ListAttachedRolePolicies", true, (random) => ({ requestParameters: { roleName: roleName(random) } })),
  call("dynamodb", "DescribeTable", true, (random) => table(random)),
  call("s3", "GetBucketPublicAccessBlock", true, (random) => bucket(random, { publicAccessBlock: "" })),
  call("logs", "CreateLogStream", false, (random) => ({
    requestParameters: {
      logGroupName: `/aws/lambda/${functionName(random)}`,
      logStreamName: `2026/11/20/[$LATEST]${random.hex(32)}`,
    },
  })),
  call("ec2", "RunInstances", false, runInstances),
  call("ec2", "TerminateInstances", false, (random) => instances(random, "shutting-down")),
  call("ec2", "CreateTags", false, (random) => ({
    requestParameters: {
      resourcesSet: { items: [{ resourceId: instance(random) }] },
      tagSet: { items: [{ key: "team", value: `team-${random.skewed(40)}` }] },
    },
    responseElements: { requestId: random.uuid(), _return: true },
  })),
  call("lambda", "UpdateFunctionCode20150331v2", false, (random) => {
    const name = functionName(random);
    return {
      requestParameters: { functionName: name, publish: false, dryRun: false },
      responseElements: {
        functionName: name,
        functionArn: `arn:aws:lambda:${SYNTHETIC_REGION}:${SYNTHETIC_ACCOUNT}:function:${name}`,
        codeSha256: random.base64(44),
        revisionId: random.uuid(),
      },
    };
  }),
  call("s3", "PutBucketTagging", false, (random) => bucket(random, { tagging: "" })),
  call("iam", "CreateAccessKey", false, (random) => {
    const userName = user(random);
    const accessKeyId = `AKIA${random.base32(16)}`;
    return {
      requestParameters: { userName },
      responseElements: {
        accessKey: { userName, accessKeyId, status: "Active", createDate: "Nov 20, 2026 10:00:00 AM" },
      },
    };
  }),
  call("iam", "CreateUser", false, (random) => {
    const userName = `${user(random)}-${random.hex(4)}`;
    const arn = `arn:aws:iam::${SYNTHETIC_ACCOUNT}:user/${userName}`;
    return {
      requestParameters: { userName },
      responseElements: { user: { path: "/", userName, userId: `AIDA${random.base32(17)}`, arn } },
    };
  }),
];

function recordOf(
  random: Random,
  { source, name, readOnly, host, detail }: Call,
  eventID: string,
  timeMs: number,
): AuditRecord {
  const failed = random.chance(0.04);
  const { requestParameters, responseElements, additionalEventData, resources } = detail(random);
  return {
    eventVersion: "1.11",
    userIdentity: random.chance(0.3) ? iamUser(random) : assumedRole(random, timeMs),
    eventTime: `${new Date(timeMs).toISOString().slice(0, 19)}Z`,
    eventSource: source,
    eventName: name,
    awsRegion: SYNTHETIC_REGION,
    sourceIPAddress: `10.${random.skewed(16)}.${random.skewed(64)}.${1 + random.below(254)}`,
    userAgent: AGENTS[random.skewed(AGENTS.length)] as string,
    ...(failed && { errorCode: "AccessDenied", errorMessage: `User is not authorized to perform: ${name}` }),
    requestParameters,
    responseElements: failed ? null : (responseElements ?? null),
    ...(additionalEventData !== undefined && { additionalEventData }),
    requestID: random.uuid(),
    eventID,
    readOnly,
    ...(resources !== undefined && { resources }),
    eventType: "AwsApiCall",
    managementEvent: true,
    recipientAccountId: SYNTHETIC_ACCOUNT,
    eventCategory: "Management",
    tlsDetails: { tlsVersion: "TLSv1.3", cipherSuite: "TLS_AES_128_GCM_SHA256", clientProvidedHostHeader: host },
  };
}

const AGENTS: readonly string[] = [
  "Boto3/1.40.11 md/Botocore#1.40.11 ua/2.1 os/linux#6.1.112-124.190.amzn2023.x86_64 md/arch#x86_64 lang/python#3.13.1 md/pyimpl#CPython cfg/retry-mode#standard",
  "aws-sdk-go-v2/1.38.0 ua/2.1 os/linux lang/go#1.24.5 md/GOOS#linux md/GOARCH#amd64 api/sts#1.36.0 m/E,e",
  "APN/1.0 HashiCorp/1.0 Terraform/1.13.1 (+https://www.terraform.io) terraform-provider-aws/6.10.0 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.38.1 ua/2.1 os/linux lang/go#1.24.5",
  "aws-cli/2.31.0 md/awscrt#0.27.6 ua/2.1 os/linux#6.8.0 md/arch#x86_64 lang/python#3.13.7 md/pyimpl#CPython exec-env/ec2 md/command#s3api.get-bucket-acl",
  "aws-sdk-java/2.33.1 md/io#sync md/http#Apache ua/2.1 os/Linux#5.10.240 lang/java#21.0.8 md/OpenJDK_64-Bit_Server_VM#21.0.8 md/vendor#Amazon.com_Inc. cfg/auth-source#stat m/D",
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
  "aws-sdk-js/3.880.0 ua/2.1 os/linux#6.8.0 lang/js md/nodejs#24.8.0 api/lambda#3.880.0 m/E,b",
];

function iamUser(random: Random): object {
  const index = random.skewed(USERS);
  return {
    type: "IAMUser",
    principalId: `AIDA${stable(index, 17)}`,
    arn: `arn:aws:iam::${SYNTHETIC_ACCOUNT}:user/user-${index}`,
    accountId: SYNTHETIC_ACCOUNT,
    accessKeyId: `AKIA${stable(index * 2 + random.skewed(2), 16)}`,
    userName: `user-${index}`,
  };
}

/** A session lasts an hour: until then its name and key stay the same. */
function assumedRole(random: Random, timeMs: number): object {
  const role = random.skewed(ROLES);
  const session = `session-${role}-${random.skewed(12)}`;
  const hour = Math.floor(timeMs / 3_600_000);
  const roleId = `AROA${stable(role, 17)}`;
  return {
    type: "AssumedRole",
    principalId: `${roleId}:${session}`,
    arn: `arn:aws:sts::${SYNTHETIC_ACCOUNT}:assumed-role/service-role-${role}/${session}`,
    accountId: SYNTHETIC_ACCOUNT,
    accessKeyId: `ASIA${stable(hour * 100_003 + role * 101 + random.skewed(12), 16)}`,
    sessionContext: {
      sessionIssuer: {
        type: "Role",
        principalId: roleId,
        arn: `arn:aws:iam::${SYNTHETIC_ACCOUNT}:role/service-role-${role}`,
        accountId: SYNTHETIC_ACCOUNT,
        userName: `service-role-${role}`,
      },
      attributes: {
        creationDate: `${new Date(hour * 3_600_000).toISOString().slice(0, 19)}Z`,
        mfaAuthenticated: "false",
      },
    },
  };
}

function assumeRole(random: Random): Detail {
  const role = random.skewed(ROLES);
  const session = `session-${role}-${random.skewed(12)}`;
  const roleArn = `arn:aws:iam::${SYNTHETIC_ACCOUNT}:role/service-role-${role}`;
  return {
    requestParameters: { roleArn, roleSessionName: session, durationSeconds: 3600 },
    responseElements: {
      credentials: { accessKeyId: `ASIA${random.base32(16)}`, expiration: "Nov 20, 2026, 11:00:00 AM" },
      assumedRoleUser: {
        assumedRoleId: `AROA${stable(role, 17)}:${session}`,
        arn: `arn:aws:sts::${SYNTHETIC_ACCOUNT}:assumed-role/service-role-${role}/${session}`,
      },
    },
    resources: [{ accountId: SYNTHETIC_ACCOUNT, type: "AWS::IAM::Role", ARN: roleArn }],
  };
}

function kmsKey(random: Random): Detail {
  const ARN = `arn:aws:kms:${SYNTHETIC_REGION}:${SYNTHETIC_ACCOUNT}:key/${stable(random.skewed(KEYS), 32)}`;
  const table = `arn:aws:dynamodb:${SYNTHETIC_REGION}:${SYNTHETIC_ACCOUNT}:table/table-${random.skewed(200)}`;
  return {
    requestParameters: {
      keyId: ARN,
      encryptionAlgorithm: "SYMMETRIC_DEFAULT",
      encryptionContext: { "aws:arn": table },
    },
    resources: [{ accountId: SYNTHETIC_ACCOUNT, type: "AWS::KMS::Key", ARN }],
  };
}

function describe(random: Random): Detail {
  const items = [{ name: "instance-state-name", valueSet: { items: [{ value: "running" }] } }];
  return { requestParameters: { maxResults: 100 * (1 + random.below(10)), instancesSet: {}, filterSet: { items } } };
}

function instances(random: Random, state: string): Detail {
  const instanceId = instance(random);
  const currentState = { code: 32, name: state };
  return {
    requestParameters: { instancesSet: { items: [{ instanceId }] } },
    responseElements: {
      requestId: random.uuid(),
      instancesSet: { items: [{ instanceId, currentState, previousState: { code: 16, name: "running" } }] },
    },
  };
}

function runInstances(random: Random): Detail {
  const instanceId = instance(random);
  const imageId = `ami-${stable(random.skewed(30), 17).toLowerCase()}`;
  const subnetId = `subnet-${stable(random.skewed(24), 17).toLowerCase()}`;
  return {
    requestParameters: {
      instancesSet: { items: [{ imageId, minCount: 1, maxCount: 1 }] },
      instanceType: "m7i.large",
      subnetId,
      monitoring: { enabled: false },
      clientToken: random.uuid(),
    },
    responseElements: {
      requestId: random.uuid(),
      reservationId: `r-${random.hex(17)}`,
      ownerId: SYNTHETIC_ACCOUNT,
      instancesSet: {
        items: [
          { instanceId, imageId, subnetId, instanceType: "m7i.large", instanceState: { code: 0, name: "pending" } },
        ],
      },
    },
  };
}

function bucket(random: Random, parameters: object): Detail {
  const bucketName = `data-${random.skewed(BUCKETS)}-${SYNTHETIC_ACCOUNT}`;
  return {
    requestParameters: { bucketName, Host: `${bucketName}.s3.${SYNTHETIC_REGION}.amazonaws.com`, ...parameters },
    additionalEventData: {
      SignatureVersion: "SigV4",
      CipherSuite: "TLS_AES_128_GCM_SHA256",
      bytesTransferredIn: 0,
      AuthenticationMethod: "AuthHeader",
      "x-amz-id-2": random.base64(76),
      bytesTransferredOut: random.below(2000),
    },
    resources: [{ accountId: SYNTHETIC_ACCOUNT, type: "AWS::S3::Bucket", ARN: `arn:aws:s3:::${bucketName}` }],
  };
}

function table(random: Random): Detail {
  const tableName = `table-${random.skewed(200)}`;
  const ARN = `arn:aws:dynamodb:${SYNTHETIC_REGION}:${SYNTHETIC_ACCOUNT}:table/${tableName}`;
  return {
    requestParameters: { tableName },
    resources: [{ accountId: SYNTHETIC_ACCOUNT, type: "AWS::DynamoDB::Table", ARN }],
  };
}

function user(random: Random): string {
  return `user-${random.skewed(USERS)}`;
}

function roleName(random: Random): string {
  return `service-role-${random.skewed(ROLES)}`;
}

function functionName(random: Random): string {
  return `function-${random.skewed(FUNCTIONS)}`;
}

function instance(random: Random): string {
  return `i-${stable(random.skewed(INSTANCES), 17).toLowerCase()}`;
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const HEX = "0123456789abcdef";

/** The same letters for the same number: an id that looks random and stays. */
function stable(number: number, length: number): string {
  return new Random(number + 1).base32(length);
}

/** xorshift128+ on four 32-bit words: quick, seeded, good enough to look like noise. */
class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number) {
    this.#a = Math.imul(seed, 0x9e3779b1) | 1;
    this.#b = Math.imul(seed ^ 0x85ebca6b, 0xc2b2ae35);
    this.#c = Math.imul(seed + 0x27d4eb2f, 0x165667b1);
    this.#d = seed | 0;
    for (let round = 0; round < 12; round++) this.word();
  }

  word(): number {
    const mixed = this.#a ^ (this.#a << 11);
    this.#a = this.#b;
    this.#b = this.#c;
    this.#c = this.#d;
    this.#d = this.#d ^ (this.#d >>> 19) ^ mixed ^ (mixed >>> 8);
    return this.#d >>> 0;
  }

  below(limit: number): number {
    return Math.floor((this.word() / 0x1_0000_0000) * limit);
  }

  chance(share: number): boolean {
    return this.word() < share * 0x1_0000_0000;
  }

  /** Below `limit`, small numbers far more often: half of the draws fall into the first eighth. */
  skewed(limit: number): number {
    return Math.floor((this.word() / 0x1_0000_0000) ** 3 * limit);
  }

  hex(length: number): string {
    return this.#text(HEX, length);
  }

  base32(length: number): string {
    return this.#text(BASE32, length);
  }

  base64(length: number): string {
    return this.#text(BASE64, length);
  }

  uuid(): string {
    const hex = this.hex(32);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
  }

  #text(alphabet: string, length: number): string {
    let text = "";
    for (let count = 0; count < length; count++) text += alphabet[this.word() % alphabet.length];
    return text;
  }
}
