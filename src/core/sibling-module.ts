/** Where a worker's module lies beside `here`, as source (`.ts`) or as published (`.js`). */
export function siblingModule(here: string, name: string): URL {
  return new URL(`./${name}${here.endsWith(".ts") ? ".ts" : ".js"}`, here);
}
