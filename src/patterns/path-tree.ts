import type { Json, JsonObject } from "./event-pattern.ts";
import { ARRAYS_AROUND_MAX, EVENT_DEPTH_MAX, type Scalar } from "./leaves.ts";

/** Takes the leaves at one path. */
export interface LeafTaker {
  take(value: Scalar, elements: readonly number[]): void;
}

interface PathNode<Taker> {
  readonly children: Map<string, PathNode<Taker>>;
  taker: Taker | undefined;
}

const NOWHERE: readonly number[] = [];

/** The paths that anybody asks about, as a tree of keys: what lies beside them in an event is not looked at. */
export class PathTree<Taker extends LeafTaker> {
  readonly #root: PathNode<Taker> = { children: new Map(), taker: undefined };
  #arrays = 0;

  get(path: string): Taker | undefined {
    let node: PathNode<Taker> | undefined = this.#root;
    for (const key of path.split(".")) node = node?.children.get(key);
    return node?.taker;
  }

  set(path: string, taker: Taker): void {
    let node = this.#root;
    for (const key of path.split(".")) {
      let child = node.children.get(key);
      if (child === undefined) {
        child = { children: new Map(), taker: undefined };
        node.children.set(key, child);
      }
      node = child;
    }
    node.taker = taker;
  }

  delete(path: string): void {
    const keys = path.split(".");
    const nodes = [this.#root];
    for (const key of keys) {
      const child = nodes.at(-1)?.children.get(key);
      if (child === undefined) return;
      nodes.push(child);
    }
    const last = nodes.at(-1);
    if (last !== undefined) last.taker = undefined;
    for (let depth = keys.length; depth > 0; depth -= 1) {
      const node = nodes[depth];
      if (node === undefined || node.taker !== undefined || node.children.size > 0) return;
      nodes[depth - 1]?.children.delete(keys[depth - 1] ?? "");
    }
  }

  /** Hands the event's leaves to those who take them. */
  walk(event: JsonObject): void {
    this.#arrays = 0;
    this.#walkObject(this.#root, event, NOWHERE, 1);
  }

  #walkObject(node: PathNode<Taker>, object: JsonObject, elements: readonly number[], depth: number): void {
    const { children } = node;
    for (const key in object) {
      const child = children.get(key);
      if (child !== undefined) this.#walkValue(child, object[key] as Json, elements, depth);
      else if (key.includes(".")) this.#walkDotted(node, key, object[key] as Json, elements, depth);
    }
  }

  /** A key with dots is as good as the objects it seems to name. */
  #walkDotted(node: PathNode<Taker>, key: string, value: Json, elements: readonly number[], depth: number): void {
    let at: PathNode<Taker> | undefined = node;
    for (const part of key.split(".")) at = at?.children.get(part);
    if (at !== undefined) this.#walkValue(at, value, elements, depth);
  }

  #walkValue(node: PathNode<Taker>, value: Json, elements: readonly number[], depth: number): void {
    if (depth > EVENT_DEPTH_MAX || elements.length > 2 * ARRAYS_AROUND_MAX) return;
    if (typeof value !== "object" || value === null) node.taker?.take(value as Scalar, elements);
    else if (Array.isArray(value)) this.#walkArray(node, value as readonly Json[], elements, depth);
    else if (node.children.size > 0) this.#walkObject(node, value as JsonObject, elements, depth + 1);
  }

  #walkArray(node: PathNode<Taker>, array: readonly Json[], elements: readonly number[], depth: number): void {
    const number = this.#arrays++;
    for (let index = 0; index < array.length; index += 1) {
      const element = array[index] as Json;
      const inside = typeof element === "object" && element !== null;
      this.#walkValue(node, element, inside ? [...elements, number, index] : elements, depth + 1);
    }
  }
}
