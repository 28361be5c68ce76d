"""Every request that botocore can make, one JSON object per line, without sending any.

usage: botocore_requests.py [SERVICE...]

Each line is {"service", "operation", "input", "method", "url", "headers", "body"}: the service and operation are what
botocore was told to call, the rest is what it would have put on the wire (the body as base64). A call that botocore itself
refuses to make is {"service", "operation", "input", "refused"}.
"""

import base64
import datetime
import io
import json
import multiprocessing
import sys

import botocore.session
from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse
from botocore.config import Config

DEPTH_MAX = 3
DISCOVERED = b'{"Endpoints": [{"Address": "cell1.timestream.us-east-1.amazonaws.com", "CachePeriodInMinutes": 1440}]}'
ARN = "arn:aws:some:us-east-1:123456789012:thing/some/id"
# Where botocore itself looks into a value, by service and member.
STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/some-name"
ARNS = {
    "cloudfront-keyvaluestore": {"KvsARN": "arn:aws:cloudfront::123456789012:key-value-store/some-id"},
    "kinesis": {
        "ChannelARN": "arn:aws:kinesis:us-east-1:123456789012:channel/some-name",
        "ConsumerARN": STREAM + "/consumer/other-name:1",
        "QueueARN": "arn:aws:kinesis:us-east-1:123456789012:queue/some-name",
        "ResourceARN": STREAM,
        "StreamARN": STREAM,
    },
}
TEXTS = {"AccountId": "123456789012", "PredictEndpoint": "https://realtime.machinelearning.us-east-1.amazonaws.com"}
ENDPOINT = "http://localhost:4580"
# Name, whether optional members are given, endpoint (None: AWS's own), and how buckets are addressed.
INPUTS = [("minimal", False, ENDPOINT, "path")]
# Where parameters stand in path and query, more of them could make one operation look like another.
REST_INPUTS = [("maximal", True, None, "virtual")]
S3_INPUTS = [("minimal, virtual host", False, ENDPOINT, "virtual"), ("maximal, path", True, ENDPOINT, "path")]


def inputs_of(service):
    is_rest = SESSION.get_service_model(service).metadata["protocol"].startswith("rest-")
    return INPUTS + (REST_INPUTS if is_rest else []) + (S3_INPUTS if service.startswith("s3") else [])


SESSION = botocore.session.Session()
SESSION.set_credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")


def sample(shape, optional, name="", depth=0):
    if shape.type_name == "structure":
        return sample_structure(shape, optional, depth)
    if shape.type_name == "list":
        return [] if depth >= DEPTH_MAX else [sample(shape.member, optional, "", depth + 1)]
    if shape.type_name == "map":
        return {} if depth >= DEPTH_MAX else {sample(shape.key, optional): sample(shape.value, optional, "", depth + 1)}
    if shape.type_name in ("string", "character"):
        return sample_text(shape, name)
    if shape.type_name == "timestamp":
        return datetime.datetime(2026, 1, 2, 3, 4, 5)
    if shape.type_name == "boolean":
        return True
    if shape.type_name == "blob":
        return b"some bytes"
    return 7


def sample_structure(shape, optional, depth):
    if getattr(shape, "is_document_type", False):
        return {"some": "document"}
    if depth >= DEPTH_MAX:
        return {}
    names = list(shape.members)
    if getattr(shape, "is_tagged_union", False):
        names = names[:1]
    elif not optional:
        names = [name for name in names if name in shape.required_members]
    return {name: sample(shape.members[name], optional, name, depth + 1) for name in names}


def sample_text(shape, name):
    if shape.enum:
        return shape.enum[0]
    return ARN if name.lower().endswith("arn") else TEXTS.get(name, "some-name")


class Raw(io.BytesIO):
    """A body as urllib3 has it."""

    def stream(self, *_):
        yield self.read()


class Requests:
    """What a client would have sent since it was last asked."""

    def __init__(self):
        self.sent = []
        self.operation = None

    def keep(self, request, **_):
        """Questions for an endpoint come before the call that they are for."""
        is_discovery = text_of(request.headers.get("X-Amz-Target", "")).endswith(".DescribeEndpoints")
        if not is_discovery or self.operation == "DescribeEndpoints":
            self.sent.append(request)
        return AWSResponse(request.url, 200, {}, Raw(DISCOVERED if is_discovery else b""))


def bytes_of(body):
    if body is None:
        return b""
    if hasattr(body, "read"):
        return body.read()
    return body.encode() if isinstance(body, str) else bytes(body)


def text_of(value):
    return value.decode("latin1") if isinstance(value, bytes) else str(value)


def describe(request):
    return {
        "method": request.method,
        "url": request.url,
        "headers": [[name, text_of(value)] for name, value in request.headers.items()],
        "body": base64.b64encode(bytes_of(request.body)).decode(),
    }


def call(client, operation, params, requests):
    requests.sent.clear()
    requests.operation = operation
    try:
        client._make_api_call(operation, params)
    except Exception as error:  # What is sent is all that counts: the empty answer is no answer for most operations.
        if not requests.sent:
            return {"refused": f"{type(error).__name__}: {error}"}
    return describe(requests.sent[0])


def open_client(service, endpoint, style, signature=None):
    """`signature`: botocore's own choice, or none at all."""
    retries, s3 = {"max_attempts": 0}, {"addressing_style": style}
    config = Config(retries=retries, parameter_validation=False, s3=s3, signature_version=signature)
    client = SESSION.create_client(service, region_name="us-east-1", endpoint_url=endpoint, config=config)
    requests = Requests()
    client.meta.events.register_last("before-send.*", requests.keep)
    return client, requests


def requests_of(service):
    lines = []
    for kind, optional, endpoint, style in inputs_of(service):
        client, requests = open_client(service, endpoint, style)
        unsigned = None
        for operation in client.meta.service_model.operation_names:
            shape = client.meta.service_model.operation_model(operation).input_shape
            params = {} if shape is None else sample(shape, optional)
            params.update({name: ARNS[service][name] for name in params if name in ARNS.get(service, {})})
            line = {"service": service, "operation": operation, "input": kind}
            made = call(client, operation, params, requests)
            if "refused" in made:  # Signatures that need more than botocore has: tokens, elliptic curves.
                unsigned = unsigned or open_client(service, endpoint, style, UNSIGNED)
                made = call(unsigned[0], operation, params, unsigned[1])
            lines.append(json.dumps({**line, **made}))
    return lines


def main(services):
    services = services or SESSION.get_available_services()
    with multiprocessing.Pool(2) as pool:
        for lines in pool.imap_unordered(requests_of, services, chunksize=4):
            sys.stdout.write("".join(line + "\n" for line in lines))


if __name__ == "__main__":
    main(sys.argv[1:])
