import { createCipheriv, createDecipheriv } from "node:crypto";

/**
 * An encrypted file: 16 bytes that say so, then frames of FRAME_BYTES each (the last one has fewer, or as many, or is
 * empty when the object is), each encrypted with AES-256-GCM and followed by its tag of 16 bytes. So a range is read
 * without what lies before it.
 *
 * The nonce is the frame's number: the key belongs to this file alone. Whether a frame is the last one is authenticated
 * with it, so that a file cut between two frames does not pass.
 */
const FRAME_BYTES = 65_536;

const MARK = Buffer.from("OpenTrail sealed");
const TAG_BYTES = 16;
const SEALED_FRAME_BYTES = FRAME_BYTES + TAG_BYTES;

/** How many bytes are encrypted in a file of `fileBytes`. */
export function plainSize(fileBytes: number): number {
  const frames = frameCount(fileBytes);
  return Math.max(0, fileBytes - MARK.length - frames * TAG_BYTES);
}

/** Encrypts what is handed in, in pieces of any size. */
export class FrameSealer {
  readonly #key: Uint8Array;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #frame = 0;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** What can be written now. A full frame waits for the next byte: it may be the last one. */
  update(bytes: Uint8Array): readonly Uint8Array[] {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes <= FRAME_BYTES) return [];
    const all = Buffer.concat(this.#waiting);
    const sealed: Uint8Array[] = [];
    let done = 0;
    for (; all.length - done > FRAME_BYTES; done += FRAME_BYTES) {
      sealed.push(...this.#seal(all.subarray(done, done + FRAME_BYTES), false));
    }
    this.#waiting = [all.subarray(done)];
    this.#waitingBytes = all.length - done;
    return sealed;
  }

  /** The last frame. */
  final(): readonly Uint8Array[] {
    return this.#seal(Buffer.concat(this.#waiting), true);
  }

  #seal(frame: Uint8Array, last: boolean): readonly Uint8Array[] {
    const number = this.#frame++;
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonceOf(number)).setAAD(aadOf(last));
    const text = [cipher.update(frame), cipher.final(), cipher.getAuthTag()];
    return number === 0 ? [MARK, ...text] : text;
  }
}

/**
 * The bytes from `start` up to and including `end` of an encrypted file of `fileBytes`.
 * @throws {Error} when a frame was changed, moved or cut.
 */
export async function* openFrames(
  key: Uint8Array,
  fileBytes: number,
  read: (offset: number, length: number) => Promise<Uint8Array>,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  const count = frameCount(fileBytes);
  const first = Math.floor(start / FRAME_BYTES);
  // Who reads up to the end reads the last frame, even if nothing is in it: it alone says that this is the end.
  const last = end >= plainSize(fileBytes) - 1 ? count - 1 : Math.floor(end / FRAME_BYTES);
  for (let at = first; at <= last; at += FRAMES_AT_ONCE) {
    const frames = Math.min(FRAMES_AT_ONCE, last - at + 1);
    const offset = MARK.length + at * SEALED_FRAME_BYTES;
    const bytes = await read(offset, Math.min(frames * SEALED_FRAME_BYTES, fileBytes - offset));
    for (let number = at; number < at + frames; number++) {
      const from = (number - at) * SEALED_FRAME_BYTES;
      const frame = openFrame(key, number, bytes.subarray(from, from + SEALED_FRAME_BYTES), number === count - 1);
      const begin = number * FRAME_BYTES;
      const wanted = frame.subarray(Math.max(0, start - begin), Math.min(frame.length, end + 1 - begin));
      if (wanted.length > 0) yield wanted;
    }
  }
}

/** 512 KiB in one read. */
const FRAMES_AT_ONCE = 8;

function openFrame(key: Uint8Array, number: number, sealed: Uint8Array, last: boolean): Buffer {
  if (sealed.length < TAG_BYTES) throw new Error("the file ends inside a frame");
  const decipher = createDecipheriv("aes-256-gcm", key, nonceOf(number), { authTagLength: TAG_BYTES });
  decipher.setAAD(aadOf(last)).setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const head = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES));
  const tail = decipher.final();
  return tail.length === 0 ? head : Buffer.concat([head, tail]);
}

function frameCount(fileBytes: number): number {
  return Math.max(1, Math.ceil((fileBytes - MARK.length) / SEALED_FRAME_BYTES));
}

function nonceOf(frame: number): Uint8Array {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(frame, 6, 6);
  return nonce;
}

function aadOf(last: boolean): Uint8Array {
  return Uint8Array.of(last ? 1 : 0);
}
