/** What can be wrong with a file, in the words of the AWS CLI where it has some. */
export type ProblemCode = keyof typeof PROBLEMS;

export interface Problem {
  readonly code: ProblemCode;
  /** What stands behind `INVALID: `. */
  readonly text: string;
}

const PROBLEMS = {
  "not-found": "not found",
  "invalid-format": "invalid format",
  "bad-signature": "signature verification failed",
  moved: "has been moved from its original location",
  "trailing-data": "unexpected data after end of compressed stream",
  "hash-differs": "hash value doesn't match",
  // These name what they are about.
  "no-public-key": "public key not found",
  "bad-public-key": "Unable to load PKCS #1 key",
  "bad-algorithm": "is hashed or signed with another algorithm than SHA-256",
  "too-large": "is too large to be checked",
  // What the AWS CLI does not look for.
  "previous-hash-differs": "hash value doesn't match the one in the digest file after it",
  "previous-signature-differs": "signature isn't the one in the digest file after it",
  "no-chain": "is in no chain of digest files",
  loop: "stands before itself in the chain of digest files",
  "not-listed": "is listed in no digest file",
  "records-differ": "holds records that it should not hold",
} as const;

/** The problem in its own words, or in more exact ones. */
export function problem(code: ProblemCode, text: string = PROBLEMS[code]): Problem {
  return { code, text };
}
