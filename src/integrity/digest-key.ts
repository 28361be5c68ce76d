/** What the key of a digest file tells. */
export interface DigestName {
  readonly prefix?: string;
  /** `o-…`, for organization trails. */
  readonly organizationId?: string;
  readonly account: string;
  /** Where the log files come from. */
  readonly region: string;
  readonly trailName: string;
  readonly homeRegion: string;
  /** Milliseconds since 1970, whole seconds: the digest's end. */
  readonly endMs: number;
  readonly backfill: boolean;
}

/** Where the digests of an account and Region lie, whatever trail made them; ends in `/`. */
export function digestFolder(name: Pick<DigestName, "prefix" | "organizationId" | "account" | "region">): string {
  const above = [name.prefix, "AWSLogs", name.organizationId].filter((part) => part !== undefined && part !== "");
  return `${[...above, name.account, "CloudTrail-Digest", name.region].join("/")}/`;
}

/**
 * The key under which a digest file lies in its bucket.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
 */
export function digestKey(name: DigestName): string {
  const stamp = `${new Date(name.endMs).toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
  const day = `${stamp.slice(0, 4)}/${stamp.slice(4, 6)}/${stamp.slice(6, 8)}`;
  const file = [name.account, "CloudTrail-Digest", name.region, name.trailName, name.homeRegion, stamp].join("_");
  return `${digestFolder(name)}${day}/${file}${name.backfill ? "_backfill" : ""}.json.gz`;
}

/** Takes the key of a digest file apart; undefined when it is not one that `digestKey` would write. */
export function parseDigestKey(key: string): DigestName | undefined {
  const { prefix, organizationId, account, region, trailName, homeRegion, stamp, backfill } =
    DIGEST_KEY.exec(key)?.groups ?? {};
  if (!account || !region || !trailName || !homeRegion || !stamp) return undefined;
  const name: DigestName = {
    ...(prefix !== undefined && { prefix }),
    ...(organizationId !== undefined && { organizationId }),
    account,
    region,
    trailName,
    homeRegion,
    endMs: Date.parse(stamp.replace(/^(....)(..)(..T..)(..)/, "$1-$2-$3:$4:")),
    backfill: backfill !== undefined,
  };
  // The pattern accepts the 31st of February, and a folder's day, account or Region that is not the file's.
  return Number.isFinite(name.endMs) && digestKey(name) === key ? name : undefined;
}

/** Trail names may have underscores, Regions have none. */
const DIGEST_KEY = new RegExp(
  [
    /^(?:(?<prefix>.+)\/)?AWSLogs\/(?:(?<organizationId>o-[a-z0-9]+)\/)?(?<account>\d{12})/,
    /\/CloudTrail-Digest\/(?<region>[a-z0-9-]+)\/\d{4}\/\d\d\/\d\d/,
    /\/\d{12}_CloudTrail-Digest_[a-z0-9-]+?_(?<trailName>.+)_(?<homeRegion>[a-z0-9-]+)/,
    /_(?<stamp>\d{8}T\d{6}Z)(?<backfill>_backfill)?\.json\.gz$/,
  ]
    .map(({ source }) => source)
    .join(""),
  "s",
);
