/** Regular expressions of people whom we do not trust, matched in linear time. */
export { LinearRegex, RegexError, type RegexFlags, type RegexMatch } from "./linear-regex.ts";
