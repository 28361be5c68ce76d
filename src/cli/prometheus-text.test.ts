import { expect, test } from "vitest";
import { parsePrometheusText } from "./prometheus-text.ts";

test("parsePrometheusText() reads names, labels and values, and passes over the rest", () => {
  const text = [
    "# HELP a_total What it is.",
    "# TYPE a_total counter",
    'a_total{kind="route",name="odd \\"name\\", with } and \\\\ and \\n"} 12',
    "a_gauge 1.5e3",
    'a_bucket{le="+Inf"} +Inf 1700000000000',
    "no value",
    "",
  ].join("\n");
  expect(parsePrometheusText(text)).toEqual([
    { name: "a_total", labels: { kind: "route", name: 'odd "name", with } and \\ and \n' }, value: 12 },
    { name: "a_gauge", labels: {}, value: 1500 },
    { name: "a_bucket", labels: { le: "+Inf" }, value: Number.POSITIVE_INFINITY },
  ]);
});
