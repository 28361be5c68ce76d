import type { Json, JsonObject } from "./event-pattern.ts";

export type Scalar = string | number | boolean | null;

/** A value of an event that patterns can ask about, and the elements of arrays it lies in. */
export interface Leaf {
  readonly value: Scalar;
  /** Outermost first: the array's number, the element's index, the next array's number, … */
  readonly elements: readonly number[];
}

/** What lies deeper is not seen: AWS takes no event with more levels. */
export const EVENT_DEPTH_MAX = 1000;
/** Arrays around one value; what lies in more is not seen. */
export const ARRAYS_AROUND_MAX = 64;

/**
 * The event's leaves at these paths. Objects are stepped into by key and arrays by element; what stands directly in an
 * array has the array's path. A key with dots is as good as the objects it seems to name. Keys of objects inside an
 * array are told apart by the element they are in, scalars in an array are not.
 */
export function leavesOf(event: JsonObject, paths: readonly string[]): ReadonlyMap<string, readonly Leaf[]> {
  const found = new Map<string, Leaf[]>(paths.map((path) => [path, []]));
  let arrays = 0;
  const stepInto = (value: Json, path: string, elements: readonly number[], depth: number): void => {
    if (depth > EVENT_DEPTH_MAX || elements.length > 2 * ARRAYS_AROUND_MAX) return;
    if (Array.isArray(value)) {
      const array = arrays++;
      for (const [index, element] of value.entries()) {
        stepInto(element, path, isScalar(element) ? elements : [...elements, array, index], depth + 1);
      }
    } else if (!isScalar(value)) {
      for (const [key, child] of Object.entries(value)) {
        const below = path === "" ? key : `${path}.${key}`;
        if (paths.some((wanted) => wanted === below || wanted.startsWith(`${below}.`))) {
          stepInto(child, below, elements, depth + 1);
        }
      }
    } else {
      found.get(path)?.push({ value, elements });
    }
  };
  stepInto(event, "", [], 0);
  return found;
}

function isScalar(value: Json): value is Scalar {
  return typeof value !== "object" || value === null;
}
