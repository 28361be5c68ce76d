/** The tables of topics. JSON stands as text, times as milliseconds since 1970. */
export interface TopicsSchema {
  /** `attributes` is JSON: Policy, DisplayName, DeliveryPolicy, SignatureVersion … */
  topics: {
    topic_arn: string;
    account_id: string;
    region: string;
    name: string;
    attributes: string;
    created_at: number;
  };
  topic_tags: { resource: string; position: number; key: string; value: string };
  subscriptions: {
    subscription_arn: string;
    topic_arn: string;
    account_id: string;
    region: string;
    protocol: string;
    endpoint: string;
    /** JSON: FilterPolicy, FilterPolicyScope, RawMessageDelivery, DeliveryPolicy, RedrivePolicy … */
    attributes: string;
    /** `pending` or `confirmed`; deleted ones leave a count with their topic. */
    state: string;
    /** SHA-256 of the token that confirms it; null once confirmed. */
    token_hash: Uint8Array | null;
    token_expires_at: number | null;
    /** 1 when confirmed with AuthenticateOnUnsubscribe: then nobody unsubscribes without a signature. */
    authenticated: number;
    created_at: number;
  };
  /** Keys that sign messages; `secret` is sealed PKCS #8, `certificate` PEM. `name` stands in the certificate's URL. */
  topic_keys: { name: string; secret: Uint8Array; certificate: string; created_at: number };
}
