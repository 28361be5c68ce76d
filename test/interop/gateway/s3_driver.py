"""What people do with an object store, by boto3 and by links and forms that carry their own signature.

Tells every attempt like the other drivers, and for each case whether what came back is what went in.
"""

import hashlib
import http.client
import json
import random
import ssl
import urllib.parse

from oracle import Oracle, note, read_options

KEYS = [
    "plain.txt",
    "deep/er/still.txt",
    "with space and + and %2F and %25.txt",
    "ünïcode/豆/☕🫘.txt",
    "two//slashes",
    "/leading",
    "trailing/",
    "dots/../up",
    "dots/./here",
    "quote'\"<>&;=?#.txt",
    "tilde~()*!@$,:[]{}|^`\\.txt",
]
PART = 5 * 1024 * 1024


def main():
    options = read_options()
    oracle = Oracle(options)
    shop = Shop(oracle, options["bucket"])
    for name, deed in DEEDS.items():
        if name in options["leaveOut"]:
            continue
        try:
            deed(shop)
            note(case=name, ok=True)
        except Exception as error:
            oracle.tell_attempt()
            note(case=name, ok=False, why=f"{type(error).__name__}: {error}"[:500])


class Shop:
    """A bucket, and clients that address it in every way there is."""

    def __init__(self, oracle, bucket):
        self.oracle = oracle
        self.bucket = bucket
        self.hosts = oracle.client("s3", s3={"addressing_style": "virtual"})
        self.paths = oracle.client("s3", s3={"addressing_style": "path"})
        # boto3 still makes links of the second version where nobody says otherwise.
        self.old_links = oracle.client("s3", signature_version="s3", s3={"addressing_style": "path"})
        self.new_links = oracle.client("s3", signature_version="s3v4", s3={"addressing_style": "path"})

    def ask(self, operation, /, client=None, **parameters):
        """One call about the bucket; what it answered, without fail."""
        answer = self.oracle.ask(client or self.hosts, operation, **{"Bucket": self.bucket, **parameters})
        assert answer, f"{operation} was refused: {self.oracle.last}"
        return answer

    def refused(self, operation, /, client=None, **parameters):
        """One call that must be refused: with which code."""
        answer = self.oracle.ask(client or self.hosts, operation, **{"Bucket": self.bucket, **parameters})
        assert not answer, f"{operation} was not refused"
        return self.oracle.last

    def put(self, key, body, **more):
        return self.ask("PutObject", Key=key, Body=body, **more)

    def get(self, key, **more):
        return self.ask("GetObject", Key=key, **more)["Body"].read()

    def send(self, operation, method, url, body=b"", headers=None, **parameters):
        """A request that no client makes: the head and the body of the answer."""
        parts = urllib.parse.urlsplit(url)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        trust = {"context": ssl.create_default_context(cafile=self.oracle.verify)} if parts.scheme == "https" else {}
        connection = kind(parts.hostname, parts.port, timeout=30, **trust)
        fact = {"service": "s3", "signingName": "s3", "operation": operation, "secrets": secrets_of(parts.query)}
        headers = {**(headers or {}), "User-Agent": f"link {self.oracle.next_mark()}"}
        connection.request(method, target, body=body or None, headers=headers)
        answer = connection.getresponse()
        content = answer.read()
        told = {"mark": self.oracle.mark, "method": method, "url": url, "userAgent": headers["User-Agent"]}
        self.oracle.told = {**fact, **told, "parameters": {"Bucket": self.bucket, **parameters}}
        self.oracle.told["invocationId"], self.oracle.told["attempt"] = "", 1
        self.oracle.tell_attempt(status=answer.status, errorCode="", requestId=answer.headers.get("x-amz-request-id", ""))
        connection.close()
        return answer, content


def secrets_of(query):
    named = urllib.parse.parse_qs(query)
    return [value for name in ("Signature", "X-Amz-Signature", "X-Amz-Security-Token") for value in named.get(name, [])]


def noise(seed, size):
    return random.Random(seed).randbytes(size)


def same(got, sent):
    assert hashlib.sha256(got).digest() == hashlib.sha256(sent).digest(), f"{len(got)} bytes for {len(sent)}"


def make_bucket(shop):
    shop.ask("CreateBucket")
    shop.ask("HeadBucket")
    names = [bucket["Name"] for bucket in shop.oracle.ask(shop.paths, "ListBuckets")["Buckets"]]
    assert shop.bucket in names, names


def objects_of_all_sizes(shop):
    for size in (0, 1, 1000, 300_000, 3_000_001):
        sent = noise(size, size)
        shop.put(f"sizes/{size}", sent)
        same(shop.get(f"sizes/{size}"), sent)
        same(shop.get(f"sizes/{size}", client=shop.paths), sent)


def what_is_said_of_an_object(shop):
    said = {"ContentType": "text/coffee", "CacheControl": "no-store", "ContentDisposition": 'attachment; filename="a b"'}
    shop.put("said", b"dark roast", **said, ContentEncoding="identity", Metadata={"roast": "dark", "origin": "Huila"})
    head = shop.ask("HeadObject", Key="said")
    assert {name: head[name] for name in said} == said, head
    assert head["Metadata"] == {"roast": "dark", "origin": "Huila"}, head["Metadata"]
    assert head["ContentLength"] == 10, head


def parts_of_an_object(shop):
    sent = noise("range", 100_000)
    shop.put("range", sent)
    same(shop.get("range", Range="bytes=1000-1999"), sent[1000:2000])
    same(shop.get("range", Range="bytes=-10"), sent[-10:])
    assert shop.refused("GetObject", Key="range", Range="bytes=200000-") == "InvalidRange"


def conditions(shop):
    tag = shop.put("condition", b"decaf")["ETag"]
    assert shop.refused("GetObject", Key="condition", IfNoneMatch=tag) == "304"
    assert shop.refused("GetObject", Key="condition", IfMatch='"none"') == "PreconditionFailed"
    assert shop.refused("HeadObject", Key="condition", IfNoneMatch=tag) == "304"


def what_is_not_there(shop):
    assert shop.refused("GetObject", Key="absent") == "NoSuchKey"
    assert shop.refused("HeadObject", Key="absent") == "404"
    assert shop.refused("GetObject", client=shop.paths, Bucket=f"{shop.bucket}-none", Key="absent") == "NoSuchBucket"
    assert shop.refused("HeadBucket", client=shop.paths, Bucket=f"{shop.bucket}-none") == "404"


def in_many_parts(shop):
    sent = noise("parts", 2 * PART + 12_345)
    upload = {"Key": "parts", "UploadId": shop.ask("CreateMultipartUpload", Key="parts")["UploadId"]}
    parts = []
    for number, start in enumerate(range(0, len(sent), PART), 1):
        part = shop.ask("UploadPart", **upload, PartNumber=number, Body=sent[start : start + PART])
        parts.append({"PartNumber": number, "ETag": part["ETag"]})
    assert len(shop.ask("ListParts", **upload)["Parts"]) == 3
    assert shop.ask("ListMultipartUploads")["Uploads"]
    shop.ask("CompleteMultipartUpload", **upload, MultipartUpload={"Parts": parts})
    same(shop.get("parts"), sent)


def given_up_and_copied_parts(shop):
    given_up = {"Key": "given-up", "UploadId": shop.ask("CreateMultipartUpload", Key="given-up")["UploadId"]}
    shop.ask("AbortMultipartUpload", **given_up)
    assert shop.refused("ListParts", **given_up) in ("NoSuchUpload", "404", "NoSuchKey"), shop.oracle.last
    upload = {"Key": "copied", "UploadId": shop.ask("CreateMultipartUpload", Key="copied")["UploadId"]}
    source = {"Bucket": shop.bucket, "Key": "parts"}
    part = shop.ask("UploadPartCopy", **upload, PartNumber=1, CopySource=source, CopySourceRange="bytes=0-5242879")
    done = {"Parts": [{"PartNumber": 1, "ETag": part["CopyPartResult"]["ETag"]}]}
    shop.ask("CompleteMultipartUpload", **upload, MultipartUpload=done)
    same(shop.get("copied"), noise("parts", 2 * PART + 12_345)[:PART])


def strange_keys(shop, client=None):
    failed = []
    for key in KEYS:
        sent = f"about {key}".encode()
        try:
            shop.ask("PutObject", client=client, Key=key, Body=sent)
            same(shop.ask("GetObject", client=client, Key=key)["Body"].read(), sent)
        except Exception as error:
            failed.append(f"{key}: {error}")
    assert not failed, failed


def strange_keys_in_paths(shop):
    strange_keys(shop, shop.paths)


def lists(shop):
    found, more = [], {}
    while True:
        page = shop.ask("ListObjectsV2", MaxKeys=5, **more)
        found += [item["Key"] for item in page.get("Contents", [])]
        if not page["IsTruncated"]:
            break
        more = {"ContinuationToken": page["NextContinuationToken"]}
    assert {"plain.txt", "range", "sizes/0", "ünïcode/豆/☕🫘.txt"} <= set(found), found
    page = shop.ask("ListObjects", client=shop.paths, Delimiter="/", Prefix="", MaxKeys=1000)
    assert "deep/" in [prefix["Prefix"] for prefix in page["CommonPrefixes"]], page
    page = shop.ask("ListObjectsV2", Prefix="deep/", StartAfter="deep/a", FetchOwner=True)
    assert [item["Key"] for item in page["Contents"]] == ["deep/er/still.txt"], page


def copies(shop):
    shop.ask("CopyObject", Key="copy of plain", CopySource={"Bucket": shop.bucket, "Key": "plain.txt"})
    same(shop.get("copy of plain"), b"about plain.txt")
    shop.ask("CopyObject", Key="copy of strange", CopySource={"Bucket": shop.bucket, "Key": KEYS[3]})
    same(shop.get("copy of strange"), f"about {KEYS[3]}".encode())


def deletes(shop):
    for number in range(3):
        shop.put(f"gone/{number}", b"x")
    shop.ask("DeleteObject", Key="gone/0")
    named = {"Objects": [{"Key": "gone/1"}, {"Key": "gone/2"}], "Quiet": False}
    assert len(shop.ask("DeleteObjects", Delete=named)["Deleted"]) == 2
    assert "Contents" not in shop.ask("ListObjectsV2", Prefix="gone/")


def tags(shop):
    tagging = {"TagSet": [{"Key": "roast", "Value": "dark + oily"}]}
    shop.ask("PutObjectTagging", Key="plain.txt", Tagging=tagging)
    assert shop.ask("GetObjectTagging", Key="plain.txt")["TagSet"] == tagging["TagSet"]
    shop.ask("DeleteObjectTagging", Key="plain.txt")
    assert shop.ask("GetObjectTagging", Key="plain.txt")["TagSet"] == []
    shop.put("tagged", b"x", Tagging="a=1&b=2")
    shop.ask("PutBucketTagging", Tagging=tagging)
    assert shop.ask("GetBucketTagging")["TagSet"] == tagging["TagSet"]


def versions(shop):
    bucket = {"Bucket": f"{shop.bucket}-versions"}
    shop.ask("CreateBucket", **bucket)
    shop.ask("PutBucketVersioning", **bucket, VersioningConfiguration={"Status": "Enabled"})
    assert shop.ask("GetBucketVersioning", **bucket)["Status"] == "Enabled"
    first = shop.put("v", b"one", **bucket)["VersionId"]
    shop.put("v", b"two", **bucket)
    shop.ask("DeleteObject", Key="v", **bucket)
    assert shop.refused("GetObject", Key="v", **bucket) == "NoSuchKey"
    same(shop.get("v", VersionId=first, **bucket), b"one")
    told = shop.ask("ListObjectVersions", **bucket)
    assert (len(told["Versions"]), len(told["DeleteMarkers"])) == (2, 1), told


def settings(shop):
    rule = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "old/"}, "Expiration": {"Days": 7}}
    shop.ask("PutBucketLifecycleConfiguration", LifecycleConfiguration={"Rules": [rule]})
    assert shop.ask("GetBucketLifecycleConfiguration")["Rules"][0]["ID"] == "old"
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["https://shop.example.com"]}
    shop.ask("PutBucketCors", CORSConfiguration={"CORSRules": [rule]})
    assert shop.ask("GetBucketCors")["CORSRules"][0]["AllowedMethods"] == ["GET"]
    shop.ask("DeleteBucketCors")
    shop.ask("GetBucketAcl")
    shop.ask("GetBucketLocation")
    open_to_all = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
    open_to_all["Resource"] = f"arn:aws:s3:::{shop.bucket}/open/*"
    policy = json.dumps({"Version": "2012-10-17", "Statement": [open_to_all]})
    shop.ask("PutBucketPolicy", Policy=policy)
    assert "s3:GetObject" in shop.ask("GetBucketPolicy")["Policy"]


def without_a_signature(shop):
    shop.put("open/sign.txt", b"come in")
    url = f"{shop.oracle.endpoint}/{shop.bucket}/open/sign.txt"
    answer, content = shop.send("GetObject", "GET", url, Key="open/sign.txt")
    assert answer.status == 200, f"{answer.status} {content!r}"
    same(content, b"come in")


def links(shop, client):
    about = {"Bucket": shop.bucket, "Key": "linked/cup of coffee+.txt"}
    put = client.generate_presigned_url("put_object", Params={**about, "ContentType": "text/coffee"}, ExpiresIn=60)
    answer, content = shop.send("PutObject", "PUT", put, b"by link", {"Content-Type": "text/coffee"}, Key=about["Key"])
    assert answer.status == 200, f"{answer.status} {content!r}"
    get = client.generate_presigned_url("get_object", Params=about, ExpiresIn=60)
    answer, content = shop.send("GetObject", "GET", get, Key=about["Key"])
    assert answer.status == 200, f"{answer.status} {content!r}"
    same(content, b"by link")


def links_of_the_second_version(shop):
    links(shop, shop.old_links)


def links_of_the_fourth_version(shop):
    links(shop, shop.new_links)


def a_link_that_was_changed(shop):
    link = shop.new_links.generate_presigned_url("get_object", Params={"Bucket": shop.bucket, "Key": "plain.txt"})
    answer, _ = shop.send("GetObject", "GET", link.replace("plain.txt", "range"), Key="range")
    assert answer.status == 403, answer.status


def forms(shop, client):
    conditions = [{"acl": "private"}, ["content-length-range", 1, 1000]]
    form = client.generate_presigned_post(shop.bucket, "form/${filename}", {"acl": "private"}, conditions, 60)
    boundary = "between-two-fields"
    fields = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in form["fields"].items()
    ]
    file = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="bill.txt"\r\n\r\none espresso\r\n'
    body = "".join([*fields, file, f"--{boundary}--\r\n"]).encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    answer, content = shop.send("PostObject", "POST", form["url"], body, headers)
    assert answer.status == 204, f"{answer.status} {content!r}"
    same(shop.get("form/bill.txt"), b"one espresso")


def forms_of_the_second_version(shop):
    forms(shop, shop.old_links)


def forms_of_the_fourth_version(shop):
    forms(shop, shop.new_links)


def questions_to_an_object(shop):
    shop.put("prices.csv", b"drink,price\nespresso,2\nlatte,4\n")
    answer = shop.ask(
        "SelectObjectContent",
        Key="prices.csv",
        Expression="SELECT * FROM s3object s WHERE s.price = '4'",
        ExpressionType="SQL",
        InputSerialization={"CSV": {"FileHeaderInfo": "USE"}},
        OutputSerialization={"CSV": {}},
    )
    told = b"".join(event["Records"]["Payload"] for event in answer["Payload"] if "Records" in event)
    assert b"latte" in told and b"espresso" not in told, told


def sums(shop):
    sent = noise("sums", 70_000)
    shop.put("sums", sent, ChecksumAlgorithm="SHA256")
    told = shop.ask("GetObject", Key="sums", ChecksumMode="ENABLED")
    same(told["Body"].read(), sent)


def with_a_wrong_secret(shop):
    wrong = Oracle({**read_options(), "credentials": {**read_options()["credentials"], "secretAccessKey": "not-the-secret"}})
    wrong.mark = shop.oracle.mark
    answer = wrong.ask(wrong.client("s3"), "PutObject", Bucket=shop.bucket, Key="wrong", Body=b"never")
    shop.oracle.mark = wrong.mark
    assert not answer and wrong.last == "SignatureDoesNotMatch", wrong.last


DEEDS = {
    deed.__name__.replace("_", " "): deed
    for deed in [
        make_bucket,
        objects_of_all_sizes,
        what_is_said_of_an_object,
        parts_of_an_object,
        conditions,
        what_is_not_there,
        in_many_parts,
        given_up_and_copied_parts,
        strange_keys,
        strange_keys_in_paths,
        lists,
        copies,
        deletes,
        tags,
        versions,
        settings,
        without_a_signature,
        links_of_the_second_version,
        links_of_the_fourth_version,
        a_link_that_was_changed,
        forms_of_the_second_version,
        forms_of_the_fourth_version,
        questions_to_an_object,
        sums,
        with_a_wrong_secret,
    ]
}

if __name__ == "__main__":
    main()
