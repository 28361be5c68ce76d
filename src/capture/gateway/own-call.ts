import { headerValue, s3Address } from "../../aws/index.ts";
import { Refusal } from "../../core/index.ts";
import type { CapturedHead } from "../call/captured.ts";
import type { Guard } from "../enforce/index.ts";
import { bucketOfArn, type OwnBuckets } from "./own-buckets.ts";

/** A body that says what is to be done, of a call to our own buckets: S3 itself takes 2 MB of keys to delete. */
export const DOCUMENT_BYTES_MAX: number = 4 * 1024 * 1024;

/** All names of our own buckets' objects begin with it, whatever Region a request is signed for. */
export const OWN_PARTITION = "aws";

/** What is particular about a call to our own buckets. */
export class OwnCall {
  readonly #own: OwnBuckets;
  readonly #path: string;
  /** As the address names it; there may be no such bucket. */
  readonly bucket: string | undefined;
  /** The account whose bucket it is when the call comes: one that is deleted by the call was somebody's. */
  readonly owner: string | undefined;

  constructor(own: OwnBuckets, { headers, path }: CapturedHead, bucketHosts: readonly string[]) {
    this.#own = own;
    this.#path = path;
    this.bucket = s3Address(headerValue(headers, "host") ?? "", path, bucketHosts).bucket;
    this.owner = this.bucket === undefined ? undefined : own.facts(this.bucket)?.account;
  }

  readonly guard = (arn: string): Guard | undefined => this.#own.facts(bucketOfArn(arn) ?? "");

  /**
   * An address that could be read in two ways: with an encoded slash in the bucket's name, or as no text.
   * @throws {Refusal} `InvalidBucketName`, `InvalidURI`.
   */
  refuseOddAddress(): void {
    if (this.bucket !== undefined && !/^[A-Za-z0-9._-]+$/.test(this.bucket)) {
      throw new Refusal("InvalidBucketName", "The specified bucket is not valid.", 400, { BucketName: this.bucket });
    }
    try {
      decodeURIComponent(this.#path);
    } catch {
      throw new Refusal("InvalidURI", "Couldn't parse the specified URI.", 400);
    }
  }
}
