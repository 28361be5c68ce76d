import { readFileSync } from "node:fs";
import { zstdDecompressSync } from "node:zlib";
import { loadService } from "../compile.ts";
import type { ServiceModelJson } from "../model-json.ts";
import type { Service } from "../shapes.ts";

/** So many compiled models are kept; the one that was not used for longest goes first. */
const KEPT_MAX = 64;

const FOLDER = new URL("../models/catalog/", import.meta.url);

/** The models of all services, compiled when first asked for. */
export class Models {
  readonly #kept = new Map<string, Service>();

  /** The model of a service that is in the table. */
  get(id: string): Service {
    const service = this.#kept.get(id) ?? load(id);
    this.#kept.delete(id);
    this.#kept.set(id, service);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT_MAX) break;
      this.#kept.delete(oldest);
    }
    return service;
  }
}

function load(id: string): Service {
  const text = zstdDecompressSync(readFileSync(new URL(`${id}.json.zst`, FOLDER))).toString();
  return loadService(id, JSON.parse(text) as ServiceModelJson);
}
