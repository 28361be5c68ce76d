/** The record format's version that OpenTrail writes. */
export const EVENT_VERSION = "1.11";

/**
 * One CloudTrail record. Wire fields keep AWS's spelling; absent optional members are left out, never null, except
 * `requestParameters` and `responseElements`, which API records always carry.
 *
 * Unknown members of records that came from elsewhere are kept as they are: readers must ignore them.
 */
export interface AuditRecord {
  readonly eventVersion: string;
  readonly userIdentity: UserIdentity;
  /** `YYYY-MM-DDTHH:MM:SSZ` */
  readonly eventTime: string;
  readonly eventSource: string;
  readonly eventName: string;
  readonly awsRegion: string;
  readonly sourceIPAddress: string;
  readonly userAgent?: string;
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly requestParameters?: unknown;
  readonly responseElements?: unknown;
  readonly additionalEventData?: unknown;
  readonly requestID?: string;
  readonly eventID: string;
  readonly readOnly?: boolean;
  readonly resources?: readonly RecordResource[];
  readonly eventType: string;
  readonly apiVersion?: string;
  readonly managementEvent?: boolean;
  readonly recipientAccountId?: string;
  readonly sharedEventID?: string;
  readonly serviceEventDetails?: unknown;
  readonly eventCategory?: string;
  readonly tlsDetails?: unknown;
  readonly sessionCredentialFromConsole?: string;
}

export interface RecordResource {
  readonly accountId?: string;
  readonly type?: string;
  readonly ARN?: string;
  readonly ARNPrefix?: string;
}

export interface UserIdentity {
  readonly type?: string;
  readonly principalId?: string;
  readonly arn?: string;
  readonly accountId?: string;
  readonly accessKeyId?: string;
  readonly userName?: string;
  readonly sessionContext?: SessionContext;
  readonly invokedBy?: string;
  /** Who vouches for a `SAMLUser` or `WebIdentityUser`. */
  readonly identityProvider?: string;
}

export interface SessionContext {
  readonly sessionIssuer?: Readonly<Record<string, string>>;
  readonly webIdFederationData?: Readonly<Record<string, unknown>>;
  /** `creationDate` and `mfaAuthenticated` are both text. */
  readonly attributes?: Readonly<Record<string, string>>;
  readonly sourceIdentity?: string;
  /** `"true"` for sessions of AssumeRoot. */
  readonly assumedRoot?: string;
}
