"""Does with boto3 what tools for infrastructure as code do: sets everything that a trail and its bucket can be told, reads
it back, sets it again and reads it again, changes some of it, and takes all of it away. Prints what was put and what came
back as JSON.
"""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"
BUCKET = "infrastructure"
TRAIL = "infrastructure"
ARN = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/{TRAIL}"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/opentrail"
CONFIG = Config(retries={"max_attempts": 1})

PRINCIPAL = {"Service": "cloudtrail.amazonaws.com"}
POLICY = {
    "Version": "2012-10-17",
    "Id": "trail",
    "Statement": [
        {
            "Sid": "AclCheck",
            "Effect": "Allow",
            "Principal": PRINCIPAL,
            "Action": "s3:GetBucketAcl",
            "Resource": f"arn:aws:s3:::{BUCKET}",
        },
        {
            "Sid": "Write",
            "Effect": "Allow",
            "Principal": PRINCIPAL,
            "Action": "s3:PutObject",
            "Resource": [f"arn:aws:s3:::{BUCKET}/AWSLogs/{ACCOUNT}/*", f"arn:aws:s3:::{BUCKET}/kept/AWSLogs/{ACCOUNT}/*"],
            "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceArn": [ARN]}},
        },
    ],
}

VERSIONING = {"Status": "Enabled"}
LOCK = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}}
BLOCK = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": False}
ENCRYPTION = {
    "Rules": [
        {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY},
            "BucketKeyEnabled": True,
        }
    ]
}
OWNERSHIP = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
TAGS = [{"Key": "team", "Value": "audit = é"}, {"Key": "terraform", "Value": "true"}]

SETTINGS = {
    "S3BucketName": BUCKET,
    "S3KeyPrefix": "kept",
    "IncludeGlobalServiceEvents": True,
    "IsMultiRegionTrail": True,
    "EnableLogFileValidation": True,
    "IsOrganizationTrail": False,
    "KmsKeyId": KEY,
}
BASIC = [
    {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "ExcludeManagementEventSources": ["kms.amazonaws.com", "rdsdata.amazonaws.com"],
        "DataResources": [
            {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]},
            {"Type": "AWS::Lambda::Function", "Values": ["arn:aws:lambda"]},
        ],
    }
]
ADVANCED = [
    {
        "Name": "Log all S3 objects events except for two S3 buckets",
        "FieldSelectors": [
            {"Field": "eventCategory", "Equals": ["Data"]},
            {"Field": "resources.ARN", "NotStartsWith": ["arn:aws:s3:::one/", "arn:aws:s3:::two/"]},
            {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
        ],
    },
    {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]},
]
INSIGHTS = [{"InsightType": "ApiErrorRateInsight"}, {"InsightType": "ApiCallRateInsight"}]

s3 = boto3.client("s3", endpoint_url=sys.argv[1], config=CONFIG)
cloudtrail = boto3.client("cloudtrail", endpoint_url=sys.argv[1], config=CONFIG)
B = {"Bucket": BUCKET}
OBJECT = {"Key": "folder/object ü", "ContentType": "text/markdown", "CacheControl": "no-cache", "Metadata": {"of": "tf"}}


def main():
    s3.create_bucket(**B, ObjectLockEnabledForBucket=True)
    told = {"unset": {operation: read(s3, operation, **B) for operation in UNSET}}
    apply_bucket()
    created = without_metadata(cloudtrail.create_trail(Name=TRAIL, **SETTINGS, TagsList=TAGS))
    told["created"] = created
    told["unsetTrail"] = {
        "GetInsightSelectors": read(cloudtrail, "GetInsightSelectors", TrailName=ARN),
        "GetEventSelectors": read(cloudtrail, "GetEventSelectors", TrailName=ARN),
    }
    apply_trail(BASIC)
    told["put"], told["got"] = expected(BASIC), read_all()
    apply_bucket()
    apply_trail(BASIC)
    told["again"] = read_all()
    told["changed"] = change()
    destroy()
    told["left"] = [
        s3.list_buckets().get("Buckets"),
        cloudtrail.describe_trails(trailNameList=[ARN])["trailList"],
        read(cloudtrail, "GetTrail", Name=ARN),
    ]
    print(json.dumps(told, default=str))


# What is asked about a bucket of which nothing was said.
UNSET = [
    "GetBucketAccelerateConfiguration",
    "GetBucketCors",
    "GetBucketEncryption",
    "GetBucketLifecycleConfiguration",
    "GetBucketLogging",
    "GetBucketNotificationConfiguration",
    "GetBucketPolicy",
    "GetBucketReplication",
    "GetBucketRequestPayment",
    "GetBucketTagging",
    "GetBucketWebsite",
]


def apply_bucket():
    s3.put_bucket_versioning(**B, VersioningConfiguration=VERSIONING)
    s3.put_object_lock_configuration(**B, ObjectLockConfiguration=LOCK)
    s3.put_public_access_block(**B, PublicAccessBlockConfiguration=BLOCK)
    s3.put_bucket_ownership_controls(**B, OwnershipControls=OWNERSHIP)
    s3.put_bucket_encryption(**B, ServerSideEncryptionConfiguration=ENCRYPTION)
    s3.put_bucket_policy(**B, Policy=json.dumps(POLICY))
    s3.put_bucket_tagging(**B, Tagging={"TagSet": TAGS})
    s3.put_object(**B, **OBJECT, Body=b"contents", Tagging="a=b&c=d%20e", ChecksumAlgorithm="CRC32")


def apply_trail(selectors):
    kind = "EventSelectors" if selectors is BASIC else "AdvancedEventSelectors"
    cloudtrail.put_event_selectors(TrailName=ARN, **{kind: selectors})
    cloudtrail.put_insight_selectors(TrailName=ARN, InsightSelectors=INSIGHTS)
    cloudtrail.start_logging(Name=ARN)


def expected(selectors):
    """What was put, by the operation that must answer it."""
    kind = "EventSelectors" if selectors is BASIC else "AdvancedEventSelectors"
    settings = {name: value for name, value in SETTINGS.items() if name != "EnableLogFileValidation"}
    trail = {"Name": TRAIL, "TrailARN": ARN, "HomeRegion": "us-east-1", "LogFileValidationEnabled": True, **settings}
    trail.update(HasCustomEventSelectors=True, HasInsightSelectors=True, RecursiveLogging=True)
    return {
        "GetTrail": {"Trail": trail},
        "DescribeTrails": {"trailList": [trail]},
        "GetEventSelectors": {"TrailARN": ARN, kind: selectors},
        "GetInsightSelectors": {"TrailARN": ARN, "InsightSelectors": INSIGHTS},
        "ListTags": {"ResourceTagList": [{"ResourceId": ARN, "TagsList": TAGS}]},
        "GetBucketVersioning": VERSIONING,
        "GetObjectLockConfiguration": {"ObjectLockConfiguration": LOCK},
        "GetPublicAccessBlock": {"PublicAccessBlockConfiguration": BLOCK},
        "GetBucketOwnershipControls": {"OwnershipControls": OWNERSHIP},
        "GetBucketEncryption": {"ServerSideEncryptionConfiguration": ENCRYPTION},
        "GetBucketPolicy": POLICY,
        "GetBucketPolicyStatus": {"PolicyStatus": {"IsPublic": False}},
        "GetBucketTagging": {"TagSet": TAGS},
        "GetBucketLocation": {"LocationConstraint": None},
        "HeadObject": {name: value for name, value in OBJECT.items() if name != "Key"},
        "GetObjectTagging": {"TagSet": [{"Key": "a", "Value": "b"}, {"Key": "c", "Value": "d e"}]},
    }


def read_all():
    """Everything that a refresh asks for, but for what every put of an object moves."""
    got = {operation: read(s3, operation, **B) for operation in [*UNSET, *BUCKET_READS]}
    if "Policy" in got["GetBucketPolicy"]:
        got["GetBucketPolicy"] = json.loads(got["GetBucketPolicy"]["Policy"])
    key = {"Key": OBJECT["Key"]}
    for operation in ("HeadObject", "GetObjectTagging"):
        got[operation] = read(s3, operation, **B, **key)
    got["GetTrail"] = read(cloudtrail, "GetTrail", Name=ARN)
    got["DescribeTrails"] = read(cloudtrail, "DescribeTrails", trailNameList=[ARN])
    got["GetTrailStatus"] = {"IsLogging": read(cloudtrail, "GetTrailStatus", Name=ARN)["IsLogging"]}
    got["GetEventSelectors"] = read(cloudtrail, "GetEventSelectors", TrailName=ARN)
    got["GetInsightSelectors"] = read(cloudtrail, "GetInsightSelectors", TrailName=ARN)
    got["ListTags"] = read(cloudtrail, "ListTags", ResourceIdList=[ARN])
    for each in (got["HeadObject"], got["GetObjectTagging"]):
        for moves in ("LastModified", "VersionId", "ObjectLockRetainUntilDate"):
            each.pop(moves, None)
    return got


BUCKET_READS = [
    "GetBucketAcl",
    "GetBucketLocation",
    "GetBucketOwnershipControls",
    "GetBucketPolicyStatus",
    "GetBucketVersioning",
    "GetObjectLockConfiguration",
    "GetPublicAccessBlock",
    "HeadBucket",
]


def change():
    """Other values where there are others, and none where there can be none; what comes back of each."""
    told = []
    plain = {"IncludeGlobalServiceEvents": False, "IsMultiRegionTrail": False, "S3KeyPrefix": "", "KmsKeyId": ""}
    updated = cloudtrail.update_trail(Name=ARN, S3BucketName=BUCKET, EnableLogFileValidation=False, **plain)
    told.append(["UpdateTrail", {**without_metadata(updated), "HomeRegion": "us-east-1"}])
    told.append(["GetTrail", read(cloudtrail, "GetTrail", Name=ARN)["Trail"]])
    cloudtrail.put_event_selectors(TrailName=ARN, AdvancedEventSelectors=ADVANCED)
    told.append(["GetEventSelectors", read(cloudtrail, "GetEventSelectors", TrailName=ARN)])
    cloudtrail.put_insight_selectors(TrailName=ARN, InsightSelectors=[])
    told.append(["GetInsightSelectors", read(cloudtrail, "GetInsightSelectors", TrailName=ARN)])
    cloudtrail.remove_tags(ResourceId=ARN, TagsList=TAGS)
    told.append(["ListTags", read(cloudtrail, "ListTags", ResourceIdList=[ARN])])
    cloudtrail.stop_logging(Name=ARN)
    told.append(["IsLogging", read(cloudtrail, "GetTrailStatus", Name=ARN)["IsLogging"]])
    s3.put_object_lock_configuration(**B, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})
    told.append(["GetObjectLockConfiguration", read(s3, "GetObjectLockConfiguration", **B)])
    for gone in ("PublicAccessBlock", "BucketOwnershipControls", "BucketEncryption", "BucketTagging"):
        call(s3, f"Delete{gone}", **B)
        told.append([f"Get{gone}", read(s3, f"Get{gone}", **B)])
    return told


def destroy():
    cloudtrail.delete_trail(Name=ARN)
    s3.delete_bucket_policy(**B)
    for listed in s3.get_paginator("list_object_versions").paginate(**B):
        for version in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]:
            which = {"Key": version["Key"], "VersionId": version["VersionId"]}
            s3.delete_object(**B, **which, BypassGovernanceRetention=True)
    s3.delete_bucket(**B)


def call(client, operation, **parameters):
    """boto3's methods are named in snake case."""
    name = {method: snake for snake, method in client.meta.method_to_api_mapping.items()}[operation]
    return without_metadata(getattr(client, name)(**parameters))


def read(client, operation, **parameters):
    """The answer, or the error's code."""
    try:
        return call(client, operation, **parameters)
    except ClientError as error:
        return {"code": error.response["Error"]["Code"]}


def without_metadata(answer):
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


main()
