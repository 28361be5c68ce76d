import { hash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { SegmentCache } from "./segment-cache.ts";
import {
  damaged,
  decodeFooter,
  type Footer,
  locateFooter,
  PAGE_BYTES,
  SECTIONS,
  type SectionName,
  TRAILER_BYTES,
} from "./segment-format.ts";

/** What a segment asks of the object store that holds it. */
export interface SegmentObjects {
  read(key: string, offset?: number, length?: number): Promise<Uint8Array>;
  size(key: string): Promise<number>;
  /** Only where the object lies on a local disk: reading a few kB then costs less than waiting for a thread. */
  readSync?(key: string, offset: number, length: number): Uint8Array;
}

/** A segment's bytes by section: nothing leaves here that did not match its checksum. */
export class SegmentFile {
  readonly key: string;
  readonly footer: Footer;
  readonly #objects: SegmentObjects;
  readonly #cache: SegmentCache;
  /** What is being read right now: many records of one page are often asked for at the same time. */
  readonly #underway = new Map<string, Promise<Uint8Array>>();
  #checksums: Uint8Array = new Uint8Array();

  private constructor(objects: SegmentObjects, key: string, cache: SegmentCache, footer: Footer) {
    this.#objects = objects;
    this.key = key;
    this.#cache = cache;
    this.footer = footer;
  }

  /** @throws {Failure} when trailer, footer or checksums are damaged, or the file is shorter or longer than it was. */
  static async open(objects: SegmentObjects, key: string, cache: SegmentCache): Promise<SegmentFile> {
    const fileBytes = await objects.size(key);
    if (fileBytes < TRAILER_BYTES) throw damaged(key, "trailer");
    const trailer = await objects.read(key, fileBytes - TRAILER_BYTES, TRAILER_BYTES);
    const { offset, length } = locateFooter(key, trailer, fileBytes);
    const footer = decodeFooter(key, await objects.read(key, offset, length), trailer);
    const file = new SegmentFile(objects, key, cache, footer);
    file.#checksums = await file.readWhole("checksums");
    return file;
  }

  /** Bytes of a section, from verified pages that may come from the cache. The caller must not change them. */
  async read(section: SectionName, offset: number, length: number): Promise<Uint8Array> {
    const from = this.footer.sections[section].offset + offset;
    const firstPage = Math.floor(from / PAGE_BYTES);
    const lastPage = Math.floor((from + length - 1) / PAGE_BYTES);
    const skip = from - firstPage * PAGE_BYTES;
    if (length === 0) return new Uint8Array();
    if (firstPage === lastPage) return (await this.#page(section, firstPage)).subarray(skip, skip + length);
    const pages: Uint8Array[] = [];
    for (let page = firstPage; page <= lastPage; page++) pages.push(await this.#page(section, page));
    return Buffer.concat(pages).subarray(skip, skip + length);
  }

  /** The same without the cache, in one piece: for what is used once, or kept by the caller. */
  async readOnce(section: SectionName, offset: number, length: number): Promise<Uint8Array> {
    const from = this.footer.sections[section].offset + offset;
    const firstPage = Math.floor(from / PAGE_BYTES);
    const skip = from - firstPage * PAGE_BYTES;
    const pages = await this.#pages(section, firstPage, Math.ceil((skip + length) / PAGE_BYTES));
    return pages.subarray(skip, skip + length);
  }

  /** @throws {Failure} when the section's SHA-256 is not the footer's. */
  async readWhole(section: SectionName): Promise<Uint8Array> {
    const { offset, length, sha256 } = this.footer.sections[section];
    const bytes = await this.#bytes(section, offset, length);
    if (hash("sha256", bytes) !== sha256) throw damaged(this.key, section);
    return bytes;
  }

  /** Every byte of the file, the padding between sections included. */
  async verify(): Promise<void> {
    for (const section of SECTIONS) {
      const { offset, length } = this.footer.sections[section];
      await this.readWhole(section);
      if (section === "checksums" || length % PAGE_BYTES === 0) continue;
      await this.#pages(section, Math.floor((offset + length) / PAGE_BYTES), 1);
    }
  }

  /** Something derived from verified bytes, kept with them. */
  async derived(name: string, derive: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const known = this.#cache.get(`${this.key}/${name}`) ?? this.#underway.get(name);
    if (known !== undefined) return known;
    const deriving = derive();
    this.#underway.set(name, deriving);
    try {
      const bytes = await deriving;
      this.#cache.set(`${this.key}/${name}`, bytes);
      return bytes;
    } finally {
      this.#underway.delete(name);
    }
  }

  #page(section: SectionName, page: number): Promise<Uint8Array> {
    return this.derived(String(page), () => this.#pages(section, page, 1));
  }

  async #pages(section: SectionName, first: number, count: number): Promise<Uint8Array> {
    const bytes = await this.#bytes(section, first * PAGE_BYTES, count * PAGE_BYTES);
    const checksums = Buffer.from(this.#checksums.buffer, this.#checksums.byteOffset, this.#checksums.byteLength);
    for (let index = 0; index < count; index++) {
      const page = bytes.subarray(index * PAGE_BYTES, (index + 1) * PAGE_BYTES);
      if (crc32(page) !== checksums.readUInt32LE((first + index) * 4)) throw damaged(this.key, section);
    }
    return bytes;
  }

  async #bytes(section: SectionName, offset: number, length: number): Promise<Uint8Array> {
    const bytes =
      this.#objects.readSync !== undefined && length <= SYNC_BYTES_MAX
        ? this.#objects.readSync(this.key, offset, length)
        : await this.#objects.read(this.key, offset, length);
    if (bytes.length !== length) throw damaged(this.key, section);
    return bytes;
  }
}

const SYNC_BYTES_MAX = 256 * 1024;
