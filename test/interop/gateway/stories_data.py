"""Calls of services that keep things: tables, queues, objects, secrets, logs. Each story ends with a call that fails."""

TAGS = [{"Key": "shop", "Value": "corner"}]
TAG_MAP = {"shop": "corner"}
ABSENT_ARN = "arn:aws:{}:us-east-1:123456789012:{}"


def dynamodb(call):
    key = [{"AttributeName": "order", "KeyType": "HASH"}]
    kinds = [{"AttributeName": "order", "AttributeType": "S"}]
    name = {"TableName": "orders"}
    call("CreateTable", **name, KeySchema=key, AttributeDefinitions=kinds, BillingMode="PAY_PER_REQUEST")
    call("DescribeTable", **name)
    call("PutItem", **name, Item={"order": {"S": "1"}, "beans": {"N": "250"}, "photo": {"B": b"\x00\xff"}})
    call("GetItem", **name, Key={"order": {"S": "1"}}, ConsistentRead=True)
    call(
        "UpdateItem",
        **name,
        Key={"order": {"S": "1"}},
        UpdateExpression="SET beans = :b",
        ExpressionAttributeValues={":b": {"N": "500"}},
    )
    call("Query", **name, KeyConditionExpression="#o = :o", ExpressionAttributeNames={"#o": "order"},
         ExpressionAttributeValues={":o": {"S": "1"}})
    call("Scan", **name, Limit=5)
    call("BatchWriteItem", RequestItems={"orders": [{"PutRequest": {"Item": {"order": {"S": "2"}}}}]})
    call("BatchGetItem", RequestItems={"orders": {"Keys": [{"order": {"S": "2"}}]}})
    call("TransactWriteItems", TransactItems=[{"Put": {**name, "Item": {"order": {"S": "3"}}}}])
    call("ListTables", Limit=1)
    call("DeleteItem", **name, Key={"order": {"S": "1"}})
    call("DeleteTable", **name)
    call("DescribeTable", **name)


def dynamodbstreams(call):
    call("ListStreams", TableName="orders")
    call("DescribeStream", StreamArn=ABSENT_ARN.format("dynamodb", "table/none/stream/2026-01-01T00:00:00.000"))


def sqs(call):
    url = call("CreateQueue", QueueName="orders", Attributes={"VisibilityTimeout": "5"}, tags=TAG_MAP)["QueueUrl"]
    call("SendMessage", QueueUrl=url, MessageBody="two espressos")
    told = call("ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=1)["Messages"]
    call("DeleteMessage", QueueUrl=url, ReceiptHandle=told[0]["ReceiptHandle"])
    call("SendMessageBatch", QueueUrl=url, Entries=[{"Id": "a", "MessageBody": "one"}, {"Id": "b", "MessageBody": "two"}])
    call("GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])
    call("ListQueues", QueueNamePrefix="ord")
    call("DeleteQueue", QueueUrl=url)
    call("GetQueueUrl", QueueName="orders")


def sns(call):
    topic = call("CreateTopic", Name="served", Tags=TAGS)["TopicArn"]
    call("Subscribe", TopicArn=topic, Protocol="email", Endpoint="mary@example.com")
    call("Publish", TopicArn=topic, Subject="Ready", Message="Table seven is served")
    call("ListSubscriptionsByTopic", TopicArn=topic)
    call("SetTopicAttributes", TopicArn=topic, AttributeName="DisplayName", AttributeValue="Served")
    call("DeleteTopic", TopicArn=topic)
    call("GetTopicAttributes", TopicArn=topic)


def s3(call):
    call("CreateBucket", Bucket="menu-of-today")
    call("PutBucketTagging", Bucket="menu-of-today", Tagging={"TagSet": TAGS})
    call("PutObject", Bucket="menu-of-today", Key="menu/monday.txt", Body=b"soup", ContentType="text/plain")
    call("GetObject", Bucket="menu-of-today", Key="menu/monday.txt", Range="bytes=0-1")
    call("HeadObject", Bucket="menu-of-today", Key="menu/monday.txt")
    call("ListObjectsV2", Bucket="menu-of-today", Prefix="menu/", MaxKeys=3)
    call("ListObjects", Bucket="menu-of-today", Delimiter="/")
    call("ListBuckets")
    call("GetBucketAcl", Bucket="menu-of-today")
    call("DeleteObject", Bucket="menu-of-today", Key="menu/monday.txt")
    call("DeleteBucket", Bucket="menu-of-today")
    call("GetBucketLocation", Bucket="menu-of-today")


def s3control(call):
    account = {"AccountId": "123456789012"}
    block = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
    call("PutPublicAccessBlock", **account, PublicAccessBlockConfiguration=block)
    call("GetPublicAccessBlock", **account)
    call("DeletePublicAccessBlock", **account)
    call("GetPublicAccessBlock", **account)
    call("GetAccessPoint", **account, Name="none")


def s3tables(call):
    arn = call("CreateTableBucket", name="grown-beans")["arn"]
    call("CreateNamespace", tableBucketARN=arn, namespace=["farm"])
    call("ListTableBuckets")
    call("DeleteTableBucket", tableBucketARN=arn)
    call("GetTableBucket", tableBucketARN=ABSENT_ARN.format("s3tables", "bucket/none"))


def s3vectors(call):
    call("CreateVectorBucket", vectorBucketName="tastes")
    call("ListVectorBuckets")
    call("DeleteVectorBucket", vectorBucketName="tastes")
    call("GetVectorBucket", vectorBucketName="tastes")


def kms(call):
    key = call("CreateKey", Description="till", Tags=[{"TagKey": "shop", "TagValue": "corner"}])["KeyMetadata"]["KeyId"]
    call("CreateAlias", AliasName="alias/till", TargetKeyId=key)
    made = call("Encrypt", KeyId=key, Plaintext=b"the code of the till")
    call("Decrypt", CiphertextBlob=made["CiphertextBlob"])
    call("GenerateDataKey", KeyId=key, KeySpec="AES_256")
    call("ListAliases")
    call("ScheduleKeyDeletion", KeyId=key, PendingWindowInDays=7)
    call("DescribeKey", KeyId="alias/none")


def secretsmanager(call):
    call("CreateSecret", Name="door", SecretString="open-sesame-0451", Description="front door")
    call("GetSecretValue", SecretId="door")
    call("PutSecretValue", SecretId="door", SecretString="open-sesame-0452")
    call("DescribeSecret", SecretId="door")
    call("DeleteSecret", SecretId="door", ForceDeleteWithoutRecovery=True)
    call("GetSecretValue", SecretId="door")


def ssm(call):
    call("PutParameter", Name="/shop/code", Value="till-code-0451-very", Type="SecureString")
    call("GetParameter", Name="/shop/code", WithDecryption=True)
    call("GetParametersByPath", Path="/shop", Recursive=True)
    call("DescribeParameters")
    call("DeleteParameter", Name="/shop/code")
    call("GetParameter", Name="/shop/code")


def logs(call):
    group = {"logGroupName": "/shop/till"}
    call("CreateLogGroup", **group, tags=TAG_MAP)
    call("CreateLogStream", **group, logStreamName="one")
    call("PutRetentionPolicy", **group, retentionInDays=30)
    call("PutLogEvents", **group, logStreamName="one", logEvents=[{"timestamp": 1_767_323_045_000, "message": "opened"}])
    call("DescribeLogGroups", logGroupNamePrefix="/shop")
    call("DeleteLogGroup", **group)
    call("DeleteLogGroup", **group)


def kinesis(call):
    call("CreateStream", StreamName="orders", ShardCount=1)
    call("DescribeStreamSummary", StreamName="orders")
    call("PutRecord", StreamName="orders", Data=b"espresso", PartitionKey="table-7")
    call("ListStreams")
    call("DeleteStream", StreamName="orders")
    call("DescribeStream", StreamName="none")


def firehose(call):
    to = {"RoleARN": "arn:aws:iam::123456789012:role/pour", "BucketARN": "arn:aws:s3:::menu-of-today"}
    call("CreateDeliveryStream", DeliveryStreamName="pour", ExtendedS3DestinationConfiguration=to)
    call("PutRecord", DeliveryStreamName="pour", Record={"Data": b"a cup"})
    call("DescribeDeliveryStream", DeliveryStreamName="pour")
    call("DeleteDeliveryStream", DeliveryStreamName="pour")
    call("DeleteDeliveryStream", DeliveryStreamName="pour")


def rds(call):
    database = {"DBInstanceIdentifier": "ledger"}
    call("CreateDBInstance", **database, Engine="postgres", DBInstanceClass="db.t3.micro", AllocatedStorage=20,
         MasterUsername="mary", MasterUserPassword="very-hidden-0451", Tags=TAGS)
    call("DescribeDBInstances", **database)
    call("ModifyDBInstance", **database, BackupRetentionPeriod=3, MasterUserPassword="very-hidden-0452")
    call("DeleteDBInstance", **database, SkipFinalSnapshot=True)
    call("DescribeDBInstances", **database)
    call("DescribeDBClusters")


def redshift(call):
    cluster = {"ClusterIdentifier": "cellar"}
    call("CreateCluster", **cluster, NodeType="ra3.large", MasterUsername="mary", MasterUserPassword="Very-hidden-0453")
    call("DescribeClusters", **cluster)
    call("DeleteCluster", **cluster, SkipFinalClusterSnapshot=True)
    call("DescribeClusters", **cluster)


def elasticache(call):
    call("CreateCacheCluster", CacheClusterId="shelf", Engine="redis", CacheNodeType="cache.t3.micro", NumCacheNodes=1)
    call("DescribeCacheClusters", CacheClusterId="shelf")
    call("DeleteCacheCluster", CacheClusterId="shelf")
    call("DescribeCacheClusters", CacheClusterId="none")


def memorydb(call):
    call("CreateCluster", ClusterName="counter", NodeType="db.t4g.small", ACLName="open-access")
    call("DescribeClusters")
    call("DeleteCluster", ClusterName="counter")
    call("DeleteCluster", ClusterName="none")


def dax(call):
    call("CreateCluster", ClusterName="quick", NodeType="dax.t3.small", ReplicationFactor=1,
         IamRoleArn="arn:aws:iam::123456789012:role/quick")
    call("DescribeClusters", ClusterNames=["quick"])
    call("DeleteCluster", ClusterName="quick")
    call("ListTags", ResourceName=ABSENT_ARN.format("dax", "cache/none"))


def timestream_write(call):
    call("CreateDatabase", DatabaseName="doors")
    call("DescribeDatabase", DatabaseName="doors")
    call("ListDatabases")
    call("DeleteDatabase", DatabaseName="doors")
    call("DescribeDatabase", DatabaseName="doors")


def glue(call):
    call("CreateDatabase", DatabaseInput={"Name": "stock", "Description": "what is in store"})
    call("CreateTable", DatabaseName="stock", TableInput={"Name": "beans", "Parameters": {"kind": "arabica"}})
    call("GetTables", DatabaseName="stock")
    call("DeleteDatabase", Name="stock")
    call("GetDatabase", Name="none")


def athena(call):
    call("CreateWorkGroup", Name="curious", Description="who asks")
    call("StartQueryExecution", QueryString="SELECT 1", WorkGroup="curious")
    call("ListWorkGroups")
    call("GetWorkGroup", WorkGroup="curious")
    call("GetQueryExecution", QueryExecutionId="none")


def efs(call):
    made = call("CreateFileSystem", CreationToken="cups", Tags=TAGS)["FileSystemId"]
    call("DescribeFileSystems", FileSystemId=made)
    call("CreateAccessPoint", ClientToken="cups", FileSystemId=made)
    call("DeleteFileSystem", FileSystemId="fs-00000000000000000")


def fsx(call):
    call("CreateFileSystem", FileSystemType="LUSTRE", StorageCapacity=1200, SubnetIds=["subnet-1"])
    call("DescribeFileSystems")
    call("DeleteFileSystem", FileSystemId="fs-00000000000000000")


def backup(call):
    call("CreateBackupVault", BackupVaultName="vault", BackupVaultTags=TAG_MAP)
    call("ListBackupVaults")
    call("DescribeBackupVault", BackupVaultName="vault")
    call("DeleteBackupVault", BackupVaultName="vault")
    call("GetBackupPlan", BackupPlanId="none")


def glacier(call):
    vault = {"accountId": "-", "vaultName": "cold"}
    call("CreateVault", **vault)
    call("UploadArchive", **vault, archiveDescription="old bills", body=b"paid")
    call("DescribeVault", **vault)
    call("ListVaults", accountId="-")
    call("DeleteVault", **vault)


def ebs(call):
    snapshot = call("StartSnapshot", VolumeSize=1, Description="disk")["SnapshotId"]
    call("ListSnapshotBlocks", SnapshotId=snapshot)
    call("CompleteSnapshot", SnapshotId=snapshot, ChangedBlocksCount=0)


def lakeformation(call):
    call("RegisterResource", ResourceArn="arn:aws:s3:::menu-of-today", UseServiceLinkedRole=True)
    call("ListResources")
    call("DeregisterResource", ResourceArn="arn:aws:s3:::menu-of-today")
    call("DescribeResource", ResourceArn="arn:aws:s3:::none")


def rds_data(call):
    call("ExecuteStatement", resourceArn=ABSENT_ARN.format("rds", "cluster:ledger"),
         secretArn=ABSENT_ARN.format("secretsmanager", "secret:door"), sql="SELECT 'bill-0451-of-table-7'")


def redshift_data(call):
    made = call("ExecuteStatement", Database="cellar", Sql="SELECT 'wine'", ClusterIdentifier="cellar")["Id"]
    call("DescribeStatement", Id=made)
    call("CancelStatement", Id=made)
    call("GetStatementResult", Id="00000000-0000-0000-0000-000000000000")


def sdb(call):
    call("CreateDomain", DomainName="old")
    call("PutAttributes", DomainName="old", ItemName="cup", Attributes=[{"Name": "colour", "Value": "blue"}])
    call("GetAttributes", DomainName="old", ItemName="cup")
    call("ListDomains")
    call("DeleteDomain", DomainName="old")
    call("GetAttributes", DomainName="none", ItemName="cup")


def mediastore(call):
    call("CreateContainer", ContainerName="films")
    call("DescribeContainer", ContainerName="films")
    call("DeleteContainer", ContainerName="films")
    call("DescribeContainer", ContainerName="films")


def opensearch(call):
    call("CreateDomain", DomainName="recipes", EngineVersion="OpenSearch_2.11")
    call("DescribeDomain", DomainName="recipes")
    call("ListDomainNames")
    call("DeleteDomain", DomainName="recipes")
    call("DescribeDomain", DomainName="recipes")


def es(call):
    call("CreateElasticsearchDomain", DomainName="cakes", ElasticsearchVersion="7.10")
    call("DescribeElasticsearchDomain", DomainName="cakes")
    call("DeleteElasticsearchDomain", DomainName="cakes")
    call("DescribeElasticsearchDomain", DomainName="cakes")
