import { gunzipSync, gzipSync } from "node:zlib";
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { keysOf } from "../trail.ts";

interface StoredFile {
  readonly bytes: Uint8Array;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A bucket whose objects are tampered with as anybody could who may write into it, and put back as they were. */
export class TamperedBucket {
  readonly #s3: S3Client;
  readonly #bucket: string;
  readonly #sound: ReadonlyMap<string, StoredFile>;
  readonly #touched = new Set<string>();

  /** The bucket as it is now is sound. */
  static async of(s3: S3Client, Bucket: string): Promise<TamperedBucket> {
    const sound = new Map<string, StoredFile>();
    for (const Key of await keysOf(s3, Bucket)) {
      const { Body, Metadata = {} } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      sound.set(Key, { bytes: (await Body?.transformToByteArray()) ?? new Uint8Array(), metadata: Metadata });
    }
    return new TamperedBucket(s3, Bucket, sound);
  }

  private constructor(s3: S3Client, bucket: string, sound: ReadonlyMap<string, StoredFile>) {
    this.#s3 = s3;
    this.#bucket = bucket;
    this.#sound = sound;
  }

  /** Those that there were when all was sound, in S3's order. */
  keys(containing: string): readonly string[] {
    return [...this.#sound.keys()].filter((key) => key.includes(containing));
  }

  sound(key: string): StoredFile {
    const file = this.#sound.get(key);
    if (file === undefined) throw new Error(`the bucket had no ${key}`);
    return file;
  }

  async change(key: string, other: Partial<StoredFile>): Promise<void> {
    this.#touched.add(key);
    await this.#put(key, { ...this.sound(key), ...other });
  }

  /** Changes what is inside of the gzip. */
  async rewrite(key: string, change: (text: string) => string): Promise<void> {
    const text = gunzipSync(this.sound(key).bytes).toString();
    const other = change(text);
    if (other === text) throw new Error(`nothing to change in ${key}`);
    await this.change(key, { bytes: gzipSync(other) });
  }

  async delete(key: string): Promise<void> {
    this.#touched.add(key);
    await this.#s3.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: key }));
  }

  async copy(from: string, key: string): Promise<void> {
    this.#touched.add(key);
    const CopySource = `${this.#bucket}/${from}`;
    await this.#s3.send(new CopyObjectCommand({ Bucket: this.#bucket, Key: key, CopySource }));
  }

  async restore(): Promise<void> {
    for (const key of this.#touched) {
      const file = this.#sound.get(key);
      if (file === undefined) await this.#s3.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: key }));
      else await this.#put(key, file);
    }
    this.#touched.clear();
  }

  async #put(key: string, { bytes: Body, metadata: Metadata }: StoredFile): Promise<void> {
    await this.#s3.send(new PutObjectCommand({ Bucket: this.#bucket, Key: key, Body, Metadata }));
  }
}
