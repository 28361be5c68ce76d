import { tableOfStatement } from "../forms.ts";
import type { ResourceRows } from "../row.ts";

/** Databases, file systems, streams, and what analyses them. S3's buckets and keys stand in the address of a call. */
export const DATA: ResourceRows = {
  dynamodb: [
    [
      "AWS::DynamoDB::Table",
      "table/{}",
      "TableName SourceTableName TargetTableName TableArn SourceTableArn RequestItems{} TransactItems[].Put.TableName" +
        " TransactItems[].Update.TableName TransactItems[].Delete.TableName TransactItems[].ConditionCheck.TableName" +
        " TransactItems[].Get.TableName >TableDescription.TableArn >Table.TableArn",
    ],
    [
      "AWS::DynamoDB::Table",
      "table/{}",
      "Statement Statements[].Statement TransactStatements[].Statement",
      tableOfStatement,
    ],
    ["AWS::DynamoDB::Index", "table/{TableName}/index/{}", "IndexName"],
    ["AWS::DynamoDB::Stream", "", "StreamArn"],
    ["AWS::DynamoDB::Backup", "", "BackupArn >BackupDetails.BackupArn"],
    ["AWS::DynamoDB::GlobalTable", "arn:{partition}:dynamodb::{account}:global-table/{}", "GlobalTableName"],
  ],
  dax: [["AWS::DAX::Cluster", "cache/{}", "ClusterName ClusterNames[] >Cluster.ClusterArn"]],
  rds: [
    [
      "AWS::RDS::DBInstance",
      "db:{}",
      "DBInstanceIdentifier SourceDBInstanceIdentifier TargetDBInstanceIdentifier >DBInstance.DBInstanceArn",
    ],
    ["AWS::RDS::DBCluster", "cluster:{}", "DBClusterIdentifier SourceDBClusterIdentifier >DBCluster.DBClusterArn"],
    [
      "AWS::RDS::DBSnapshot",
      "snapshot:{}",
      "DBSnapshotIdentifier SourceDBSnapshotIdentifier TargetDBSnapshotIdentifier FinalDBSnapshotIdentifier >DBSnapshot.DBSnapshotArn",
    ],
    [
      "AWS::RDS::DBClusterSnapshot",
      "cluster-snapshot:{}",
      "DBClusterSnapshotIdentifier SourceDBClusterSnapshotIdentifier TargetDBClusterSnapshotIdentifier >DBClusterSnapshot.DBClusterSnapshotArn",
    ],
    ["AWS::RDS::DBSubnetGroup", "subgrp:{}", "DBSubnetGroupName >DBSubnetGroup.DBSubnetGroupArn"],
    ["AWS::RDS::DBParameterGroup", "pg:{}", "DBParameterGroupName"],
    ["AWS::RDS::DBClusterParameterGroup", "cluster-pg:{}", "DBClusterParameterGroupName"],
    ["AWS::RDS::OptionGroup", "og:{}", "OptionGroupName"],
    ["AWS::RDS::EventSubscription", "es:{}", "SubscriptionName"],
    ["AWS::RDS::GlobalCluster", "arn:{partition}:rds::{account}:global-cluster:{}", "GlobalClusterIdentifier"],
  ],
  redshift: [
    ["AWS::Redshift::Cluster", "cluster:{}", "ClusterIdentifier"],
    ["AWS::Redshift::ClusterSnapshot", "snapshot:{SnapshotClusterIdentifier}/{}", "SnapshotIdentifier"],
    ["AWS::Redshift::ClusterSubnetGroup", "subnetgroup:{}", "ClusterSubnetGroupName"],
    ["AWS::Redshift::ClusterParameterGroup", "parametergroup:{}", "ParameterGroupName ClusterParameterGroupName"],
  ],
  elasticache: [
    ["AWS::ElastiCache::CacheCluster", "cluster:{}", "CacheClusterId >CacheCluster.ARN"],
    ["AWS::ElastiCache::ReplicationGroup", "replicationgroup:{}", "ReplicationGroupId >ReplicationGroup.ARN"],
    ["AWS::ElastiCache::ServerlessCache", "serverlesscache:{}", "ServerlessCacheName >ServerlessCache.ARN"],
    ["AWS::ElastiCache::Snapshot", "snapshot:{}", "SnapshotName >Snapshot.ARN"],
    ["AWS::ElastiCache::SubnetGroup", "subnetgroup:{}", "CacheSubnetGroupName >CacheSubnetGroup.ARN"],
    ["AWS::ElastiCache::ParameterGroup", "parametergroup:{}", "CacheParameterGroupName >CacheParameterGroup.ARN"],
    ["AWS::ElastiCache::User", "user:{}", "UserId >ARN"],
  ],
  es: [["AWS::OpenSearchService::Domain", "domain/{}", "DomainName DomainNames[] >DomainStatus.ARN"]],
  elasticfilesystem: [
    ["AWS::EFS::FileSystem", "file-system/{}", "FileSystemId >FileSystemArn"],
    ["AWS::EFS::AccessPoint", "access-point/{}", "AccessPointId >AccessPointArn"],
  ],
  fsx: [["AWS::FSx::FileSystem", "file-system/{}", "FileSystemId FileSystemIds[] >FileSystem.ResourceARN"]],
  glue: [
    ["AWS::Glue::Database", "database/{}", "DatabaseName *Database:Name DatabaseInput.Name"],
    ["AWS::Glue::Table", "table/{DatabaseName}/{}", "TableName GetTable|DeleteTable:Name TableInput.Name"],
    ["AWS::Glue::Job", "job/{}", "JobName CreateJob:Name"],
    ["AWS::Glue::Crawler", "crawler/{}", "CrawlerName CrawlerNames[] *Crawler:Name"],
    ["AWS::Glue::Connection", "connection/{}", "ConnectionName *Connection:Name ConnectionInput.Name"],
    ["AWS::Glue::Trigger", "trigger/{}", "*Trigger:Name"],
  ],
  athena: [
    ["AWS::Athena::WorkGroup", "workgroup/{}", "WorkGroup CreateWorkGroup:Name"],
    ["AWS::Athena::DataCatalog", "datacatalog/{}", "CatalogName *DataCatalog:Name"],
  ],
  backup: [
    ["AWS::Backup::BackupVault", "backup-vault:{}", "BackupVaultName >BackupVaultArn"],
    ["AWS::Backup::BackupPlan", "backup-plan:{}", "BackupPlanId >BackupPlanArn"],
    ["AWS::Backup::RecoveryPoint", "", "RecoveryPointArn >RecoveryPointArn"],
  ],
  kafka: [
    ["AWS::MSK::Cluster", "cluster/{}/*", "ClusterArn ClusterName >ClusterArn"],
    ["AWS::MSK::Configuration", "", "Arn >Arn"],
  ],
  kinesis: [
    ["AWS::Kinesis::Stream", "stream/{}", "StreamName StreamARN"],
    ["AWS::Kinesis::StreamConsumer", "", "ConsumerARN >Consumer.ConsumerARN"],
  ],
  firehose: [["AWS::KinesisFirehose::DeliveryStream", "deliverystream/{}", "DeliveryStreamName >DeliveryStreamARN"]],
  kinesisanalytics: [["AWS::KinesisAnalytics::Application", "application/{}", "ApplicationName"]],
  elasticmapreduce: [["AWS::EMR::Cluster", "cluster/{}", "ClusterId JobFlowId JobFlowIds[] >ClusterArn >JobFlowId"]],
  rekognition: [["AWS::Rekognition::Collection", "collection/{}", "CollectionId"]],
};
