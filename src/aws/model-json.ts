/** A service model as botocore keeps it in `service-2.json`: the members that this interpreter reads. */
export interface ServiceModelJson {
  readonly metadata: {
    readonly protocol?: string;
    readonly apiVersion: string;
    readonly endpointPrefix?: string;
    readonly signingName?: string;
    readonly serviceId?: string;
    readonly targetPrefix?: string;
    readonly jsonVersion?: string;
    readonly xmlNamespace?: string | XmlNamespaceJson;
    /** Present (and empty) on services that moved from query to another protocol and still tell their old error codes. */
    readonly awsQueryCompatible?: object;
  };
  readonly operations: Readonly<Record<string, OperationJson>>;
  readonly shapes: Readonly<Record<string, ShapeJson>>;
}

export interface OperationJson {
  readonly name: string;
  readonly http?: { readonly method?: string; readonly requestUri?: string; readonly responseCode?: number };
  readonly input?: ShapeRefJson;
  readonly output?: ShapeRefJson;
  readonly errors?: readonly ShapeRefJson[];
  readonly authtype?: string;
  readonly httpChecksumRequired?: boolean;
  readonly endpoint?: { readonly hostPrefix?: string };
}

export interface XmlNamespaceJson {
  readonly uri?: string;
  readonly prefix?: string;
}

/** Traits that may stand at a shape or where it is used; the use wins. */
export interface TraitsJson {
  readonly locationName?: string;
  readonly flattened?: boolean;
  readonly timestampFormat?: string;
  readonly xmlNamespace?: string | XmlNamespaceJson;
  readonly sensitive?: boolean;
  readonly streaming?: boolean;
  readonly eventstream?: boolean;
}

export interface ShapeRefJson extends TraitsJson {
  readonly shape: string;
  readonly location?: string;
  readonly queryName?: string;
  readonly xmlAttribute?: boolean;
  readonly idempotencyToken?: boolean;
  readonly jsonvalue?: boolean;
  readonly resultWrapper?: string;
}

export interface ShapeJson extends TraitsJson {
  readonly type: string;
  readonly members?: Readonly<Record<string, ShapeRefJson>>;
  readonly required?: readonly string[];
  readonly payload?: string;
  readonly member?: ShapeRefJson;
  readonly key?: ShapeRefJson;
  readonly value?: ShapeRefJson;
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly document?: boolean;
  readonly union?: boolean;
  readonly exception?: boolean;
  readonly fault?: boolean;
  readonly error?: {
    readonly code?: string;
    readonly httpStatusCode?: number;
    readonly senderFault?: boolean;
    readonly fault?: boolean;
  };
}
