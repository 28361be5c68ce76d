/**
 * Operations whose action has another name than they have, by the prefix of the service's actions. S3, DynamoDB and API
 * Gateway have rules of their own.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 */
export const RENAMED: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  "access-analyzer": {
    GetFindingV2: ["GetFinding"],
    ListFindingsV2: ["ListFindings"],
  },
  bedrock: {
    Converse: ["InvokeModel"],
    ConverseStream: ["InvokeModelWithResponseStream"],
    StartAsyncInvoke: ["InvokeModel"],
    RetrieveAndGenerateStream: ["RetrieveAndGenerate"],
  },
  budgets: {
    CreateBudget: ["ModifyBudget"],
    CreateNotification: ["ModifyBudget"],
    CreateSubscriber: ["ModifyBudget"],
    DeleteBudget: ["ModifyBudget"],
    DeleteNotification: ["ModifyBudget"],
    DeleteSubscriber: ["ModifyBudget"],
    UpdateBudget: ["ModifyBudget"],
    UpdateNotification: ["ModifyBudget"],
    UpdateSubscriber: ["ModifyBudget"],
    DescribeBudget: ["ViewBudget"],
    DescribeBudgetNotificationsForAccount: ["ViewBudget"],
    DescribeBudgetPerformanceHistory: ["ViewBudget"],
    DescribeBudgets: ["ViewBudget"],
    DescribeNotificationsForBudget: ["ViewBudget"],
    DescribeSubscribersForNotification: ["ViewBudget"],
  },
  cassandra: {
    CreateKeyspace: ["Create"],
    CreateTable: ["Create"],
    CreateType: ["Create"],
    DeleteKeyspace: ["Drop"],
    DeleteTable: ["Drop"],
    DeleteType: ["Drop"],
    GetKeyspace: ["Select"],
    GetTable: ["Select"],
    GetTableAutoScalingSettings: ["Select"],
    GetType: ["Select"],
    ListKeyspaces: ["Select"],
    ListTables: ["Select"],
    ListTagsForResource: ["Select"],
    ListTypes: ["Select"],
    RestoreTable: ["Restore"],
    UpdateKeyspace: ["Alter"],
    UpdateTable: ["Alter"],
  },
  cloudfront: {
    CreateDistributionWithTags: ["CreateDistribution", "TagResource"],
  },
  cloudsearch: {
    Search: ["search"],
    Suggest: ["suggest"],
    UploadDocuments: ["document"],
  },
  dms: {
    DescribeDataProviders: ["ListDataProviders"],
    DescribeExtensionPackAssociations: ["ListExtensionPacks"],
    DescribeInstanceProfiles: ["ListInstanceProfiles"],
    DescribeMetadataModelAssessments: ["ListMetadataModelAssessments"],
    DescribeMetadataModelConversions: ["ListMetadataModelConversions"],
    DescribeMetadataModelExportsAsScript: ["ListMetadataModelExports"],
    DescribeMetadataModelExportsToTarget: ["ListMetadataModelExports"],
    DescribeMigrationProjects: ["ListMigrationProjects"],
    ModifyConversionConfiguration: ["UpdateConversionConfiguration"],
    ModifyDataProvider: ["UpdateDataProvider"],
    ModifyInstanceProfile: ["UpdateInstanceProfile"],
    ModifyMigrationProject: ["UpdateMigrationProject"],
    StartExtensionPackAssociation: ["AssociateExtensionPack"],
    StartMetadataModelExportAsScript: ["StartMetadataModelExportAsScripts"],
  },
  "execute-api": {
    DeleteConnection: ["ManageConnections"],
    GetConnection: ["ManageConnections"],
    PostToConnection: ["ManageConnections"],
  },
  kms: {
    ReEncrypt: ["ReEncryptFrom", "ReEncryptTo"],
  },
  lambda: {
    GetLayerVersionByArn: ["GetLayerVersion"],
    Invoke: ["InvokeFunction"],
    InvokeAsync: ["InvokeFunction"],
    InvokeWithResponseStream: ["InvokeFunction"],
  },
  sns: {
    PublishBatch: ["Publish"],
  },
  sqs: {
    ChangeMessageVisibilityBatch: ["ChangeMessageVisibility"],
    DeleteMessageBatch: ["DeleteMessage"],
    SendMessageBatch: ["SendMessage"],
  },
  verifiedpermissions: {
    BatchGetPolicy: ["GetPolicy"],
    BatchIsAuthorized: ["IsAuthorized"],
    BatchIsAuthorizedWithToken: ["IsAuthorizedWithToken"],
  },
};

/** The account's block of public access is set through another service that shares S3's actions. */
const S3_CONTROL: Readonly<Record<string, readonly string[]>> = {
  DeletePublicAccessBlock: ["PutAccountPublicAccessBlock"],
  GetPublicAccessBlock: ["GetAccountPublicAccessBlock"],
  PutPublicAccessBlock: ["PutAccountPublicAccessBlock"],
};

/** The actions, with their prefix, that an operation needs: at least one. `service` is botocore's name. */
export function actionsOf(service: string, prefix: string, operation: string): readonly string[] {
  const table = service === "s3control" ? S3_CONTROL : Object.hasOwn(RENAMED, prefix) ? RENAMED[prefix] : undefined;
  const renamed = table !== undefined && Object.hasOwn(table, operation) ? table[operation] : undefined;
  return (renamed ?? [operation]).map((name) => `${prefix}:${name}`);
}
