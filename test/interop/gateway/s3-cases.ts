import { askOracle, type Attempt, type OracleOptions } from "./oracle.ts";

/** What each case of the S3 driver came to: true, or why not. */
export type Cases = Readonly<Record<string, true | string>>;

export interface S3Run {
  readonly cases: Cases;
  readonly attempts: readonly Attempt[];
}

/** Every case of the S3 driver but those left out, in a bucket of its own. */
export async function runS3Cases(
  options: OracleOptions,
  bucket: string,
  leaveOut: readonly string[] = [],
): Promise<S3Run> {
  const { attempts, notes } = await askOracle("s3_driver.py", { ...options, bucket, leaveOut });
  const cases = notes.map(({ case: name, ok, why }) => [String(name), ok === true ? true : String(why)] as const);
  return { attempts, cases: Object.fromEntries(cases) };
}

/** The cases that did not go well, apart from those that this server cannot do even when it is asked directly. */
export function wentWrong({ cases }: S3Run, cannot: readonly string[]): Cases {
  const failed = Object.entries(cases).filter(([name, outcome]) => outcome !== true && !cannot.includes(name));
  return Object.fromEntries(failed);
}
