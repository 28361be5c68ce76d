import { expect, test } from "vitest";
import { httpParametersFor } from "./api-destination-parameters.ts";
import { compileRule, deliveriesOf } from "./rule-deliveries.ts";
import { busEvent, NOW } from "./tables.fixture.ts";
import { ruleNamed } from "./rules.fixture.ts";

const { envelope } = busEvent(1, { who: "ann", count: 2, gone: null, tags: ["a", "b"] });

test("httpParametersFor() takes values out of the event where a parameter is a path", () => {
  const given = {
    PathParameterValues: ["$.detail.who", "$.detail.count", "fixed"],
    HeaderParameters: { "x-tags": "$.detail.tags", "x-price": "$5" },
    QueryStringParameters: { missing: "$.detail.other", none: "$.detail.gone", region: "$.region" },
  };
  expect(httpParametersFor(given, envelope)).toEqual({
    PathParameterValues: ["ann", "2", "fixed"],
    HeaderParameters: { "x-tags": '["a","b"]', "x-price": "$5" },
    QueryStringParameters: { missing: "", none: "null", region: "eu-central-1" },
  });
  expect(httpParametersFor({}, envelope)).toEqual({});
});

test("httpParametersFor() is asked for the targets of rules", () => {
  const Arn = "arn:aws:events:eu-central-1:123456789012:api-destination/hook/1";
  const target = { Id: "hook", Arn, HttpParameters: { PathParameterValues: ["$.detail.who"] } };
  const [delivery] = deliveriesOf(compileRule(ruleNamed("one"), [target]), { ...busEvent(1), envelope }, NOW);
  expect(delivery).toMatchObject({
    kind: "api-destination",
    endpoint: Arn,
    parameters: { PathParameterValues: ["ann"] },
  });
});
