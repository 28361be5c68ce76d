import { type Random, randomText } from "../../core/index.ts";

const MINUTE_MS = 60_000;

/** In the order of their bytes, so that a larger number has a later text. */
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** 62^8: at a file a second enough for seven million years. */
const NUMBER_CHARACTERS = 8;
const RANDOM_CHARACTERS = 8;

/** Where the files of a trail's account lie: `[prefix/]AWSLogs/[o-…/]{account}`. */
export function rootOf(prefix: string | undefined, organizationId: string | undefined, account: string): string {
  return [prefix, "AWSLogs", organizationId, account].filter((part) => part !== undefined && part !== "").join("/");
}

/**
 * The key of a log file. Of one series a file with a later stamp, or the same stamp and a greater number, has a greater key:
 * the first half of its unique part is the number, the rest is random.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
 */
export function logFileKey(
  root: string,
  file: { readonly account: string; readonly region: string; readonly stampMs: number; readonly number: number },
  random: Random,
): string {
  const { account, region, stampMs, number } = file;
  const unique = numberText(number) + randomText(random, RANDOM_CHARACTERS, ALPHABET);
  const stamp = `${dayOf(stampMs)}T${timeOf(stampMs, 2)}Z`;
  return `${root}/CloudTrail/${region}/${folderOf(stampMs)}/${account}_CloudTrail_${region}_${stamp}_${unique}.json.gz`;
}

/** The key of the list of the log files that were delivered in the hour that begins at `hourMs`. */
export function manifestKey(
  root: string,
  manifest: { readonly account: string; readonly region: string; readonly trail: string; readonly hourMs: number },
): string {
  const { account, region, trail, hourMs } = manifest;
  const name = `${account}_CloudTrail-Manifest_${region}_${trail}_${dayOf(hourMs)}T${timeOf(hourMs, 1)}Z.json`;
  return `${root}/CloudTrail-Manifest/${region}/${folderOf(hourMs)}/${name}`;
}

/** The root of a log file's key: what it begins with before `/CloudTrail/{region}/{YYYY}/{MM}/{DD}/{file}`. */
export function rootOfKey(key: string): string {
  return key.split("/").slice(0, -6).join("/");
}

/** The whole minute that a file decided at the end of a slot of `intervalMs` bears. */
export function stampAt(slotEndMs: number): number {
  return Math.floor(slotEndMs / MINUTE_MS) * MINUTE_MS;
}

function numberText(number: number): string {
  let text = "";
  for (let rest = number; text.length < NUMBER_CHARACTERS; rest = Math.floor(rest / ALPHABET.length)) {
    text = ALPHABET.charAt(rest % ALPHABET.length) + text;
  }
  return text;
}

/** `20261120` */
function dayOf(ms: number): string {
  return folderOf(ms).replaceAll("/", "");
}

/** `2026/11/20` */
function folderOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10).replaceAll("-", "/");
}

/** `17`, `1705`: so many parts of the time of day. */
function timeOf(ms: number, parts: number): string {
  return new Date(ms).toISOString().slice(11).split(":").slice(0, parts).join("");
}
