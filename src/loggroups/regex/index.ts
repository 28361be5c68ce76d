/** Regular expressions of people whom we do not trust, matched in linear time. */
export { LinearRegex, type RegexMatch } from "./linear-regex.ts";
export { RegexError, type RegexFlags } from "./parse-regex.ts";
