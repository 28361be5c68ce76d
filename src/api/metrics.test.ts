import { expect, test } from "vitest";
import { ApiMetrics } from "./metrics.ts";

test.each(["counter", "gauge"] as const)("ApiMetrics.samples() shows a %s as it is when it is read", async (type) => {
  const metrics = new ApiMetrics();
  let value = 1;
  metrics.samples({ name: "opentrail_x_total", help: "X.", type, labels: ["kind", "name"] }, () => [
    [{ kind: "route", name: 'odd "name"' }, value],
  ]);
  for (value of [5, 7]) {
    const text = await metrics.registry.metrics();
    expect(text).toContain(`# TYPE opentrail_x_total ${type}`);
    expect(text).toContain(`opentrail_x_total{kind="route",name="odd \\"name\\""} ${value}\n`);
  }
});
