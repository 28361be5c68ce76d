import { createHash } from "node:crypto";
import { CallError } from "../api/client/index.ts";
import { counted } from "./counted.ts";
import type { Session } from "./session.ts";

/** What is asked of one bucket; every call fails with a `CallError` that bears S3's code. */
export interface BucketCalls {
  /** Undefined when it has none. */
  policy(): Promise<string | undefined>;
  /** The retention that new objects get; undefined when the bucket has no Object Lock, `{}` when it has no default. */
  lock(): Promise<{ readonly mode?: string; readonly period?: string } | undefined>;
  /** Answers the version, where the bucket has such. */
  put(key: string, text: string): Promise<string | undefined>;
  /** How the version is locked. */
  lockOf(
    key: string,
    versionId: string | undefined,
  ): Promise<{ readonly mode: string; readonly until: Date } | undefined>;
  delete(key: string, versionId: string | undefined): Promise<void>;
  close(): void;
}

const CALL_MS = 30_000;

export async function openBucketCalls(session: Session, bucket: string): Promise<BucketCalls> {
  // Only here: it takes as long to load as all the rest of a command.
  const s3 = await import("@aws-sdk/client-s3");
  const client = new s3.S3Client({
    endpoint: session.endpoint("s3").value,
    region: session.region.value,
    credentials: async () => {
      const { sessionToken, ...pair } = await session.credentials.get();
      return sessionToken === undefined ? pair : { ...pair, sessionToken };
    },
    forcePathStyle: true,
    maxAttempts: 2,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  const call = async <Answer>(send: (options: { abortSignal: AbortSignal }) => Promise<Answer>): Promise<Answer> => {
    try {
      return await send({ abortSignal: AbortSignal.timeout(CALL_MS) });
    } catch (thrown) {
      throw callError(thrown);
    }
  };
  const object = (Key: string, VersionId: string | undefined) => ({
    Bucket: bucket,
    Key,
    ...(VersionId === undefined ? {} : { VersionId }),
  });
  return {
    policy: async () => {
      const command = new s3.GetBucketPolicyCommand({ Bucket: bucket });
      const answer = await call((options) => client.send(command, options)).catch(absent("NoSuchBucketPolicy"));
      return answer?.Policy;
    },
    lock: async () => {
      const command = new s3.GetObjectLockConfigurationCommand({ Bucket: bucket });
      const answer = await call((options) => client.send(command, options)).catch(
        absent("ObjectLockConfigurationNotFoundError"),
      );
      const { ObjectLockEnabled, Rule } = answer?.ObjectLockConfiguration ?? {};
      if (ObjectLockEnabled !== "Enabled") return undefined;
      const { Mode, Days, Years } = Rule?.DefaultRetention ?? {};
      if (Mode === undefined) return {};
      return { mode: Mode, period: Years === undefined ? counted(Days ?? 0, "day") : counted(Years, "year") };
    },
    put: async (Key, text) => {
      const Body = Buffer.from(text);
      // What is put into a locked bucket has to bear a checksum; every server knows this one.
      const ContentMD5 = createHash("md5").update(Body).digest("base64");
      const command = new s3.PutObjectCommand({ Bucket: bucket, Key, Body, ContentMD5, ContentType: "text/plain" });
      return (await call((options) => client.send(command, options))).VersionId;
    },
    lockOf: async (key, versionId) => {
      const command = new s3.HeadObjectCommand(object(key, versionId));
      const { ObjectLockMode: mode, ObjectLockRetainUntilDate: until } = await call((options) =>
        client.send(command, options),
      );
      return mode === undefined || until === undefined ? undefined : { mode, until };
    },
    delete: async (key, versionId) => {
      const command = new s3.DeleteObjectCommand(object(key, versionId));
      await call((options) => client.send(command, options));
    },
    close: () => client.destroy(),
  };
}

function absent(code: string): (thrown: unknown) => undefined {
  return (thrown) => {
    if (thrown instanceof CallError && thrown.code === code) return undefined;
    throw thrown;
  };
}

interface Thrown {
  readonly name?: string;
  readonly message?: string;
  /** The system's code. */
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
}

function callError(cause: unknown): CallError {
  const { name = "", message = "", code, $metadata } = cause as Thrown;
  const status = $metadata?.httpStatusCode;
  const timedOut = name === "AbortError" || name === "TimeoutError" ? "TimedOut" : name;
  return new CallError(message, {
    code: status === undefined ? (code ?? timedOut) : name,
    status,
    requestId: $metadata?.requestId,
    cause,
  });
}
