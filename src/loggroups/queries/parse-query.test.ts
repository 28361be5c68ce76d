import { describe, expect, test } from "vitest";
import { parseQuery } from "./parse-query.ts";

function refusalOf(query: string): unknown {
  try {
    return parseQuery(query, 0);
  } catch (refused) {
    return refused;
  }
}

describe("parseQuery()", () => {
  test.each([
    ["bad", 0, 3, "mismatched input 'bad' expecting {K_FIELDS, K_DISPLAY, K_FILTER,"],
    ["fields a | count()", 11, 16, "mismatched input 'count' expecting {K_FIELDS"],
    ["fields a b", 9, 10, "unexpected symbol found b at line 1 and position 9"],
    ["fields a |\n limit x", 18, 19, "unexpected symbol found x at line 2 and position 7"],
    ["fields", 6, 6, "unexpected symbol found end of query"],
    ["| fields a", 0, 1, "unexpected symbol found |"],
    ["fields a | ", 11, 11, "unexpected symbol found end of query"],
    ["fields (a", 9, 9, "unexpected symbol found end of query"],
    ["fields a & b", 9, 10, "unexpected symbol found &"],
    ['filter a = "open', 11, 12, 'unexpected symbol found "'],
    ["filter a like b", 14, 15, "unexpected symbol found b"],
    ["filter a not b", 13, 14, "unexpected symbol found b"],
    ["filter a like /(?=b)/", 14, 21, "invalid regular expression: error parsing regexp: invalid or unsupported"],
    ["filter a like /[b-a]/", 14, 21, "invalid regular expression: error parsing regexp: invalid character class"],
    ["fields nope(a)", 7, 11, "unknown function nope"],
    ["fields strlen(a, b)", 7, 19, "wrong number of arguments for strlen"],
    ["fields bin(5x)", 11, 13, "invalid period"],
    ["fields bin(0m)", 11, 13, "invalid period"],
    ["filter count(*) > 1", 7, 12, "count is allowed in stats only"],
    ["stats a", 6, 7, "Unknown symbols found in or after stats: a"],
    ["stats 1", 0, 5, "stats needs an aggregate function"],
    ["stats count(*) | filter a = 1", 24, 25, "Unknown symbols found in or after stats: a"],
    ["stats count(sum(a))", 12, 15, "unexpected symbol found sum"],
    ["stats pct(a)", 6, 12, "wrong number of arguments for pct"],
    ["limit 0", 6, 7, "limit must be between 1 and 10000"],
    ["limit 10001", 6, 11, "limit must be between 1 and 10000"],
    ["limit 1.5", 6, 9, "limit must be between 1 and 10000"],
    ["parse @message 'a*b*' as x", 0, 5, "parse takes out 2 values and names 1"],
    ["parse @message 'ab' as x", 0, 5, "parse takes out 0 values and names 1"],
    ["parse @message /(a)/", 0, 5, "parse takes out 1 values and names 0"],
    ["parse @message x", 15, 16, "unexpected symbol found x"],
    [`fields ${"(".repeat(100)}a`, 67, 68, "the expression is nested too deeply"],
    [`fields ${"-".repeat(3000)}1`, 67, 68, "the expression is nested too deeply"],
    [`filter ${"not ".repeat(500)}1`, 247, 250, "the expression is nested too deeply"],
    [Array.from({ length: 51 }, () => "fields a").join("|"), 450, 456, "more than 50 commands"],
    [`fields ${Array.from({ length: 201 }, () => "a").join(",")}`, 407, 408, "more than 200 fields"],
  ])("refuses %s", (query, startCharOffset, endCharOffset, message) => {
    const refused = refusalOf(query);
    expect(refused).toMatchObject({
      code: "MalformedQueryException",
      details: { queryCompileError: { location: { startCharOffset, endCharOffset } } },
    });
    expect(String(refused)).toContain(message);
  });

  test.each([
    ["filter a = 1 | sort @timestamp asc", "ascending", 1],
    ["sort @timestamp desc | limit 1", "descending", 1],
    ["sort @timestamp desc, a", "descending", 1],
    ["limit 5 | sort @timestamp asc", "descending", 2],
    ["fields 1 as @timestamp | sort @timestamp asc", "descending", 2],
    ["stats count(*) as @timestamp by a | sort @timestamp asc", "descending", 2],
  ])("of %s asks for events in the order that saves a sort", (text, order, commands) => {
    const query = parseQuery(text, 0);
    expect(query.order).toBe(order);
    expect(query.commands).toHaveLength(commands);
  });
});
