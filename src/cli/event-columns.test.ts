import { describe, expect, test } from "vitest";
import { eventColumns } from "./event-columns.ts";
import { viewEvent } from "./event-view.ts";
import { eventOf } from "./events.fixture.ts";
import { styleFor } from "./style.ts";
import { headerLine, layOut, naturalWidths, rowLine } from "./table.ts";
import { textWidth } from "./text-width.ts";
import { utcZone } from "./time-argument.ts";

const style = styleFor({ write: () => true }, { env: {} }, {});
const LONG = {
  userIdentity: {
    type: "AssumedRole",
    arn: "arn:aws:sts::123456789012:assumed-role/PlatformAdministrators/mary.longname@example.org",
  },
  eventName: "ListServiceSpecificCredentialsForEverybody",
  sourceIPAddress: "2001:db8:85a3:1234:5678:8a2e:370:7334",
  errorCode: "Client.UnauthorizedOperationOfTheLongKind",
};
const RESOURCES = [
  { ResourceType: "AWS::IAM::User", ResourceName: "Mary" },
  { ResourceType: "AWS::IAM::User", ResourceName: "arn:aws:iam::123456789012:user/Mary" },
  { ResourceType: "AWS::IAM::User", ResourceName: "AIDADG5F4EO6J4HSH3YCT" },
  { ResourceType: "AWS::IAM::Policy", ResourceName: "arn:aws:iam::aws:policy/IAMFullAccess" },
];

function table(width: number | undefined, ids = false): readonly string[] {
  const rows = [eventOf(), eventOf(LONG, { Resources: RESOURCES })].map(viewEvent);
  const columns = eventColumns({ style, zone: utcZone, insight: false, ids, width });
  const layout = layOut(columns, naturalWidths(columns, rows), width);
  return [headerLine(layout), ...rows.map((row) => rowLine(layout, row))];
}

describe("eventColumns()", () => {
  test.each([
    [80, "TIME EVENT WHO FROM OUTCOME RESOURCE"],
    [60, "TIME EVENT WHO OUTCOME"],
    [120, "TIME EVENT WHO FROM OUTCOME RESOURCE SOURCE"],
    [149, "TIME EVENT WHO FROM OUTCOME RESOURCE SOURCE"],
    [150, "TIME EVENT WHO FROM OUTCOME RESOURCE SOURCE ID"],
  ])("shows on %s columns what fits: %s", (width, titles) => {
    const [header = "", ...rows] = table(width);
    expect(header.split(/\s+/).join(" ")).toBe(titles);
    for (const row of rows) expect(textWidth(row)).toBeLessThanOrEqual(width);
  });

  test("shows ids whole even where little else fits", () => {
    expect(table(80, true)[1]).toMatch(/0ebbaee4-6c3a-4d2e-9b0f-0f1e2d3c4b5a$/);
  });

  test("counts what goes by name, ARN and unique id once", () => {
    expect(table(undefined)[2]).toContain("Mary +1");
  });

  test("lays the coffee shop's events out on 80 columns", () => {
    expect(table(80)).toMatchInlineSnapshot(`
      [
        "TIME            EVENT           WHO          FROM          OUTCOME      RESOURCE",
        "08-01 12:00:00  CreateUser      John         192.0.2.7     ok           Mary",
        "08-01 12:00:00  ListServiceSp…  Platf…e.org  2001:d…:7334  Client.Una…  Mary +1",
      ]
    `);
  });
});
