/** What of a bucket is to be checked; what is left out is not restricted. Times are milliseconds since 1970. */
export interface Scope {
  readonly fromMs?: number;
  readonly toMs: number;
  readonly account?: string;
  readonly region?: string;
  /** The trail's, from its ARN. */
  readonly trail?: TrailName;
}

/** Digest files of one trail, account and Region: regular ones make a chain, backfill ones another. */
export interface Chain {
  readonly bucket: string;
  /** Where its digest files lie; ends in `/`. */
  readonly folder: string;
  readonly account: string;
  readonly region: string;
  readonly trailName: string;
  readonly homeRegion: string;
}

export function chainName({ folder, trailName, homeRegion }: Chain): string {
  return `${folder}${trailName}_${homeRegion}`;
}

export interface TrailName {
  readonly name: string;
  readonly homeRegion: string;
  /** Whose trail it is; a trail of an organization has digest files of other accounts too. */
  readonly account: string;
}

/** A trail's ARN, taken apart. Undefined when it is none. */
export function parseTrailArn(arn: string): TrailName | undefined {
  const [, homeRegion, account, name] = /^arn:[^:]+:cloudtrail:([^:]+):(\d{12}):trail\/([^/]+)$/.exec(arn) ?? [];
  return homeRegion && account && name ? { name, homeRegion, account } : undefined;
}
