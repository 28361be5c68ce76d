"""Does with boto3 what it is told on standard input, one JSON object a line, and answers each with one on standard output.

Times go in as {"$date": seconds} and come out as ISO 8601; bytes go in as {"$bytes": base64}. Every answer is checked against the operation's model as a
program would find it: `problems` names members that are missing or of the wrong Python type.
"""

import base64
import datetime
import json
import re
import sys
import urllib.request

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.exceptions
import botocore.session

REAL_CLOCK = botocore.auth.get_current_datetime
SESSION = botocore.session.get_session()


def main():
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = COMMANDS[request["command"]](request)
        except Exception as error:  # told to the test, which fails with it
            answer = {"failure": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer, default=text), flush=True)


def versions(_):
    return {"boto3": boto3.__version__, "botocore": botocore.__version__}


def operations(request):
    return {"operations": SESSION.get_service_model(request["service"]).operation_names}


def call(request):
    """One call, or all pages of one when `pageSize` is given; `parameters` may be "minimal"."""
    client, sent = open_client(request)
    model = SESSION.get_service_model(request["service"]).operation_model(request["operation"])
    parameters = request["parameters"]
    parameters = minimal(model.input_shape) if parameters == "minimal" else decode(parameters)
    method = snake_case(client, request["operation"])
    botocore.auth.get_current_datetime = clock(request.get("skewSeconds", 0))
    try:
        if "pageSize" in request:
            paging = {"PageSize": request["pageSize"]}
            pages = list(client.get_paginator(method).paginate(**parameters, PaginationConfig=paging))
        else:
            pages = [getattr(client, method)(**parameters)]
    except botocore.exceptions.ClientError as error:
        return {**sent, **refused(client, error)}
    finally:
        botocore.auth.get_current_datetime = REAL_CLOCK
    request_id = pages[-1]["ResponseMetadata"]["RequestId"]
    for page in pages:
        del page["ResponseMetadata"]
    found = [problem for page in pages for problem in problems(model.output_shape, page, request["operation"])]
    return {**sent, "requestId": request_id, "pages": pages, "problems": found}


def raw(request):
    """A request made by hand and signed by botocore; `presign` puts the signature into the query."""
    made = botocore.awsrequest.AWSRequest(
        request["method"], request["url"], headers=request["headers"], data=request["body"].encode()
    )
    signer = botocore.auth.SigV4QueryAuth if request["presign"] else botocore.auth.SigV4Auth
    if request["credentials"] is not None:
        signer(credentials(request), request["service"], request["region"]).add_auth(made)
    prepared = made.prepare()
    headers = {name: plain_header(value) for name, value in prepared.headers.items()}
    body = None if request["method"] == "GET" else made.data
    try:
        response = urllib.request.urlopen(
            urllib.request.Request(prepared.url, data=body, headers=headers, method=request["method"])
        )
    except urllib.error.HTTPError as error:
        response = error
    signatures = re.findall(r"Signature=([0-9a-f]{64})", headers.get("Authorization", "") + prepared.url)
    return {
        "status": response.status,
        "requestId": response.headers.get("x-amzn-RequestId", ""),
        "body": response.read().decode(),
        "signatures": signatures,
    }


def open_client(request):
    key = request["credentials"]
    client = boto3.client(
        request["service"],
        endpoint_url=request["endpoint"],
        region_name=request["region"],
        aws_access_key_id=key["accessKeyId"],
        aws_secret_access_key=key["secretAccessKey"],
        aws_session_token=key.get("sessionToken"),
        config=botocore.config.Config(
            retries={"total_max_attempts": 1}, parameter_validation=request.get("validate", True)
        ),
    )
    sent = {"userAgent": "", "signatures": [], "requestId": ""}

    def see(request, **_):
        sent["userAgent"] = plain_header(request.headers["User-Agent"])
        authorization = plain_header(request.headers.get("Authorization", ""))
        sent["signatures"] += re.findall(r"Signature=([0-9a-f]{64})", authorization)

    client.meta.events.register("before-send", see)
    return client, sent


def refused(client, error):
    metadata = error.response["ResponseMetadata"]
    told = error.response["Error"]
    return {
        "requestId": metadata.get("RequestId", ""),
        "error": {
            "code": told["Code"],
            "message": told["Message"],
            "status": metadata["HTTPStatusCode"],
            "thrownAs": type(error).__name__,
        },
    }


def credentials(request):
    key = request["credentials"]
    return botocore.credentials.Credentials(key["accessKeyId"], key["secretAccessKey"], key.get("sessionToken"))


def clock(skew_seconds):
    return lambda **kwargs: REAL_CLOCK(**kwargs) + datetime.timedelta(seconds=skew_seconds)


def snake_case(client, operation):
    return next(method for method, name in client.meta.method_to_api_mapping.items() if name == operation)


def plain_header(value):
    return value.decode() if isinstance(value, bytes) else value


def text(value):
    return value.isoformat() if isinstance(value, datetime.datetime) else str(value)


def decode(value):
    if isinstance(value, list):
        return [decode(item) for item in value]
    if isinstance(value, dict):
        if "$date" in value:
            return datetime.datetime.fromtimestamp(value["$date"], datetime.timezone.utc)
        if "$bytes" in value:
            return base64.b64decode(value["$bytes"])
        return {member: decode(item) for member, item in value.items()}
    return value


# What AWS answers although its model does not know it: awsdocs/iam-user-guide issue 82, and what the simulators print.
BEYOND_THE_MODEL = {("PermissionsBoundaryAttachmentType", "Policy"), ("PolicySourceType", "IAM Policy")}
PYTHON_TYPES = {"structure": dict, "map": dict, "list": list, "boolean": bool, "integer": int, "long": int, "blob": bytes}


def problems(shape, value, path):
    """Where `value` is not what the model promises to a Python program."""
    if shape is None:
        return [] if value == {} else [f"{path}: {value!r} where the model has no output"]
    if shape.name == "policyDocumentType":
        return [] if isinstance(value, dict) else [f"{path}: not a decoded policy document: {value!r}"]
    if shape.type_name == "timestamp":
        is_time = isinstance(value, datetime.datetime) and value.tzinfo is not None
        return [] if is_time else [f"{path}: not a time: {value!r}"]
    expected = PYTHON_TYPES.get(shape.type_name, str)
    if not isinstance(value, expected):
        return [f"{path}: not a {expected.__name__}: {value!r}"]
    if shape.type_name == "structure":
        missing = [f"{path}.{member}: missing" for member in shape.required_members if member not in value]
        inside = [problems(shape.members[member], item, f"{path}.{member}") for member, item in value.items()]
        return missing + sum(inside, [])
    if shape.type_name == "list":
        return sum([problems(shape.member, item, f"{path}[{index}]") for index, item in enumerate(value)], [])
    if shape.type_name == "string" and (shape.name, value) not in BEYOND_THE_MODEL:
        return [f"{path}: {value!r} is none of {shape.enum}"] if shape.enum and value not in shape.enum else []
    return []


CANDIDATES = [
    "aaaa",
    "ES384",
    "123456789012",
    "123456",
    "01234567-89ab-cdef-0123-456789abcdef",
    "arn:aws:iam::123456789012:role/aaaa",
    "iam.amazonaws.com",
    "/aaaa/",
    '{"Version":"2012-10-17","Statement":[]}',
    "o-0123456789/r-0123",
]


def minimal(shape, depth=0):
    """The least that the model lets pass: required members, one entry a list."""
    if shape is None or depth > 8:
        return {}
    kind, limits = shape.type_name, shape.metadata
    if kind == "structure":
        # A form cannot hold an empty structure: one that must be there has something in it.
        wanted = shape.required_members or (list(shape.members)[:1] if depth > 0 else [])
        return {member: minimal(shape.members[member], depth + 1) for member in wanted}
    if kind == "list":
        return [minimal(shape.member, depth + 1)] * max(1, limits.get("min", 1))
    if kind == "map":
        return {minimal(shape.key, depth + 1): minimal(shape.value, depth + 1)}
    if kind == "timestamp":
        return datetime.datetime.now(datetime.timezone.utc)
    if kind == "boolean":
        return True
    if kind == "blob":
        return b"aaaa"
    if kind != "string":
        return max(1, limits.get("min", 1))
    if shape.enum:
        return shape.enum[0]
    for candidate in [*CANDIDATES, "a" * limits.get("min", 0)]:
        fits = limits.get("min", 0) <= len(candidate) <= limits.get("max", 1_000_000)
        if fits and re.fullmatch(python_pattern(limits.get("pattern", ".*")), candidate):
            return candidate
    raise ValueError(f"no text known that fits {shape.name}: {limits}")


def python_pattern(java):
    """The models' patterns are Java's; of what Python lacks, only classes of letters, spaces and digits occur."""
    classes = {r"\p{L}": "A-Za-z", r"\p{Z}": " ", r"\p{N}": "0-9", r"\p{M}": "", r"\p{S}": "", r"\p{P}": "."}
    for java_class, letters in classes.items():
        java = java.replace(java_class, letters)
    return java


COMMANDS = {"versions": versions, "operations": operations, "call": call, "raw": raw}

if __name__ == "__main__":
    main()
