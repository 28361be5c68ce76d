import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

interface Reply {
  readonly status?: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export const TRAIL_ARN = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main";
const LOCKED_UNTIL = "2027-08-01T12:00:00.000Z";

/** A small CloudTrail with one trail, and the S3 server with its bucket `logs`; what it is like can be changed. */
export class DoctorServer {
  trail: Record<string, unknown> = {
    Name: "main",
    TrailARN: TRAIL_ARN,
    S3BucketName: "logs",
    HomeRegion: "us-east-1",
    IsMultiRegionTrail: true,
    LogFileValidationEnabled: true,
  };
  /** Times are seconds since 1970. */
  status: Record<string, unknown> = {
    IsLogging: true,
    StartLoggingTime: 1_785_585_600,
    LatestDeliveryTime: 1_785_585_900,
    LatestDigestDeliveryTime: 1_785_589_200,
  };
  policy: string | undefined;
  /** The mode of the bucket's default retention; `none` without Object Lock. */
  lock: "COMPLIANCE" | "GOVERNANCE" | "no default" | "none" = "COMPLIANCE";
  /** Whether a put answers a version. */
  versions = true;
  /** The code that a call of this kind is refused with. */
  readonly refused: Partial<Record<"bucket" | "policy" | "put" | "delete", string>> = {};
  /** `PUT /logs/…` and so on. */
  readonly requests: string[] = [];
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      request.resume().on("end", () => {
        const { status = 200, body = "", headers = {} } = this.#reply(request);
        response.writeHead(status, headers);
        response.end(body);
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((listening) => this.#server.listen(0, "127.0.0.1", listening));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  #reply({ method = "", url = "", headers }: IncomingMessage): Reply {
    const operation = String(headers["x-amz-target"] ?? "")
      .split(".")
      .at(-1);
    if (operation === "GetTrail") return { body: JSON.stringify({ Trail: this.trail }) };
    if (operation === "GetTrailStatus") return { body: JSON.stringify(this.status) };
    this.requests.push(`${method} ${url}`);
    const { pathname, searchParams } = new URL(url, "http://server");
    if (this.refused.bucket !== undefined) return refusal(this.refused.bucket, 404);
    if (searchParams.has("policy")) return this.#policy();
    if (searchParams.has("object-lock")) return this.#lockConfiguration();
    if (!pathname.startsWith("/logs/AWSLogs/111122223333/CloudTrail/doctor-")) return refusal("NoSuchKey", 404);
    switch (method) {
      case "PUT":
        if (this.refused.put !== undefined) return refusal(this.refused.put, 403);
        return { headers: { etag: '"0"', ...(this.versions ? { "x-amz-version-id": "v1" } : {}) } };
      case "HEAD":
        return { headers: this.#lockHeaders() };
      default:
        return this.#delete();
    }
  }

  #policy(): Reply {
    if (this.refused.policy !== undefined) return refusal(this.refused.policy, 403);
    return this.policy === undefined ? refusal("NoSuchBucketPolicy", 404) : { body: this.policy };
  }

  #lockConfiguration(): Reply {
    if (this.lock === "none") return refusal("ObjectLockConfigurationNotFoundError", 404);
    const rule = `<Rule><DefaultRetention><Mode>${this.lock}</Mode><Years>1</Years></DefaultRetention></Rule>`;
    const enabled = "<ObjectLockEnabled>Enabled</ObjectLockEnabled>";
    const body = `<ObjectLockConfiguration>${enabled}${this.lock === "no default" ? "" : rule}</ObjectLockConfiguration>`;
    return { body };
  }

  #lockHeaders(): Readonly<Record<string, string>> {
    return this.#locked()
      ? { "x-amz-object-lock-mode": this.lock, "x-amz-object-lock-retain-until-date": LOCKED_UNTIL }
      : {};
  }

  #delete(): Reply {
    if (this.#locked()) return refusal("AccessDenied", 403, "Access Denied because object protected by object lock.");
    return this.refused.delete === undefined ? { status: 204 } : refusal(this.refused.delete, 403);
  }

  #locked(): boolean {
    return this.lock === "COMPLIANCE" || this.lock === "GOVERNANCE";
  }
}

function refusal(code: string, status: number, message = "in words"): Reply {
  return { status, body: `<Error><Code>${code}</Code><Message>${message}</Message></Error>` };
}
