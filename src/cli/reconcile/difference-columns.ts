import type { Style } from "../style.ts";
import type { Column } from "../table.ts";
import { formatTime, type Zone } from "../time-argument.ts";
import type { Difference, LoggedCall, RecordedCall } from "./calls.ts";

const NOTHING = "-";

/** The table of differences. */
export function differenceColumns(style: Style, zone: Zone): readonly Column<Difference>[] {
  return [
    {
      title: "DIFFERENCE",
      cell: ({ kind }) => kind,
      paint: (text) => style.bad(text),
      widthTypical: 12,
      widthMin: 12,
      rank: 0,
      fixed: true,
    },
    {
      title: "TIME",
      cell: (difference) => formatTime(sideOf(difference).timeMs, { zone }),
      paint: style.dim,
      widthTypical: 19,
      widthMin: 19,
      rank: 1,
    },
    { title: "CALL", cell: callOf, widthTypical: 16, widthMin: 10, rank: 0 },
    { title: "BUCKET AND KEY", cell: placeOf, cut: "middle", widthTypical: 28, widthMin: 12, rank: 0 },
    { title: "WHAT", cell: whatOf, cut: "middle", widthTypical: 24, widthMin: 12, rank: 0 },
    { title: "FROM", cell: (one) => sideOf(one).remoteIp ?? NOTHING, widthTypical: 15, widthMin: 9, rank: 3 },
    { title: "WHO", cell: whoOf, cut: "middle", widthTypical: 16, widthMin: 8, rank: 2 },
    { title: "REQUEST ID", cell: (one) => sideOf(one).requestId ?? NOTHING, widthTypical: 16, widthMin: 16, rank: 4 },
  ];
}

function sideOf(difference: Difference): LoggedCall | RecordedCall {
  return difference.kind === "not logged" ? difference.record : difference.log;
}

function callOf(difference: Difference): string {
  if (difference.kind !== "not recorded") return difference.record.eventName;
  return difference.log.eventName ?? difference.log.operation;
}

function placeOf(difference: Difference): string {
  const { bucket, key } = sideOf(difference);
  return key === undefined ? (bucket ?? NOTHING) : `${bucket ?? ""}/${key}`;
}

/** What differs, theirs first; else how the call ended, as far as its one witness tells. */
function whatOf(difference: Difference): string {
  switch (difference.kind) {
    case "differs":
      return difference.fields.map(({ field, log, record }) => `${field}: ${log}, here ${record}`).join("; ");
    case "not recorded":
      return [difference.log.status, difference.log.errorCode].filter((one) => one !== undefined).join(" ") || NOTHING;
    case "not logged":
      return difference.record.errorCode ?? difference.record.outcome ?? "ok";
  }
}

function whoOf(difference: Difference): string {
  return (difference.kind === "not recorded" ? difference.log.requester : difference.record.who) ?? NOTHING;
}
