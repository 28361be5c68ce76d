import { expect, test } from "vitest";
import { plantSecrets } from "./secrets.fixture.ts";

// Half of the services: compiling all models takes too long for one file.
test("describing a call shows no secret that an operation of the services from i to z can carry", () => {
  const { leaking, plants } = plantSecrets((id) => id >= "i");
  expect(leaking).toEqual([]);
  expect(plants).toBeGreaterThan(1000);
}, 30_000);
