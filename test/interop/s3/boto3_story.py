"""Stores and fetches with boto3 at the endpoint that it is told, and prints what came of it as JSON."""

import hashlib
import io
import json
import sys

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

PART = 6 * 1024 * 1024


def main():
    endpoint = sys.argv[1]
    s3 = boto3.client("s3", endpoint_url=endpoint, config=Config(signature_version="s3v4", retries={"max_attempts": 1}))
    s3.create_bucket(Bucket="boto3", CreateBucketConfiguration={"LocationConstraint": "eu-west-3"})
    told = {"location": s3.get_bucket_location(Bucket="boto3")["LocationConstraint"]}
    told["parts"] = transfer(s3)
    told["plain"] = [checked(s3, algorithm) for algorithm in ("CRC32", "SHA1", "SHA256")]
    told["errors"] = [
        refused(lambda: s3.get_object(Bucket="boto3", Key="nothing")),
        refused(lambda: s3.head_object(Bucket="boto3", Key="nothing")),
        refused(lambda: s3.get_bucket_policy(Bucket="boto3")),
        refused(lambda: s3.put_bucket_cors(Bucket="boto3", CORSConfiguration=CORS)),
        refused(lambda: s3.create_multipart_upload(Bucket="nothing", Key="a")),
    ]
    told["get"] = s3.generate_presigned_url("get_object", Params={"Bucket": "boto3", "Key": "CRC32"})
    told["put"] = s3.generate_presigned_url("put_object", Params={"Bucket": "boto3", "Key": "a b/ü"})
    print(json.dumps(told))


CORS = {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}


def transfer(s3):
    """Twenty megabytes up and down in parts: whether they came back, and what the object is said to be."""
    data = b"".join(hashlib.sha256(str(n).encode()).digest() for n in range(20 * 1024 * 32))
    config = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART)
    s3.upload_fileobj(io.BytesIO(data), "boto3", "big", Config=config, ExtraArgs={"ChecksumAlgorithm": "SHA256"})
    back = io.BytesIO()
    s3.download_fileobj("boto3", "big", back, Config=config)
    asked = ["ObjectParts", "Checksum", "ObjectSize"]
    attributes = s3.get_object_attributes(Bucket="boto3", Key="big", ObjectAttributes=asked)
    return {
        "same": back.getvalue() == data,
        "size": attributes["ObjectSize"],
        "parts": attributes["ObjectParts"]["TotalPartsCount"],
        "checksum": attributes["Checksum"]["ChecksumType"],
    }


def checked(s3, algorithm):
    s3.put_object(Bucket="boto3", Key=algorithm, Body=b"hello", ChecksumAlgorithm=algorithm, Metadata={"of": algorithm})
    got = s3.get_object(Bucket="boto3", Key=algorithm, ChecksumMode="ENABLED")
    return [got["Body"].read().decode(), got["Metadata"]["of"], "Checksum" + algorithm in got]


def refused(call):
    try:
        call()
    except ClientError as error:
        return [error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]]
    return None


main()
