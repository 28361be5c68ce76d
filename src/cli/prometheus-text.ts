/** One value of a metric. */
export interface MetricSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ([^ ]+)(?: -?\d+)?$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)/g;
const ESCAPES: Readonly<Record<string, string>> = { "\\n": "\n", "\\\\": "\\", '\\"': '"' };

/**
 * The values in Prometheus' text format; lines that are none are passed over.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function parsePrometheusText(text: string): readonly MetricSample[] {
  return text.split("\n").flatMap((line): readonly MetricSample[] => {
    const match = line.startsWith("#") ? null : SAMPLE.exec(line.trim());
    if (match === null) return [];
    const [, name = "", labels = "", value = ""] = match;
    const number = value === "+Inf" ? Number.POSITIVE_INFINITY : Number(value);
    if (Number.isNaN(number)) return [];
    const pairs = [...labels.matchAll(LABEL)].map(([, label = "", raw = ""]) => [label, unescaped(raw)] as const);
    return [{ name, labels: Object.fromEntries(pairs), value: number }];
  });
}

function unescaped(raw: string): string {
  return raw.replace(/\\./g, (escape) => ESCAPES[escape] ?? escape);
}
