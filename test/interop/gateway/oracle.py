"""Makes calls with boto3 and tells the truth about every attempt, one JSON object a line on standard output.

What a gateway has to find out from the bytes, botocore knows beforehand: which service, which operation, which
parameters. Each attempt is marked in its user agent, which no signature covers, so that its record can be told from all
others.
"""

import base64
import datetime
import json
import re
import socket
import sys

import boto3
import botocore.config
import botocore.exceptions

# Not a secret, whatever a model says.
ACCOUNT = "123456789012"
LOOK_UP = socket.getaddrinfo


def look_up_localhost(host, *rest, **options):
    """Every name that ends in localhost is this machine, as in a browser; not every C library sees it that way."""
    return LOOK_UP("127.0.0.1" if str(host).endswith("localhost") else host, *rest, **options)


socket.getaddrinfo = look_up_localhost


class Oracle:
    """Clients of any service for one endpoint and one key, whose calls are told as they happen."""

    def __init__(self, options):
        self.endpoint = options["endpoint"]
        self.region = options.get("region", "us-east-1")
        self.verify = options.get("certificate", True)
        key = options["credentials"]
        self.session = boto3.Session(key["accessKeyId"], key["secretAccessKey"], key.get("sessionToken"), self.region)
        self.mark = options.get("firstMark", 1)
        self.told = None
        self.call = {}
        self.last = ""

    def client(self, service, **settings):
        """A client that validates nothing: what a caller got wrong is the server's to say."""
        retries = {"total_max_attempts": settings.pop("attempts", 1), "mode": "standard"}
        settings = {"parameter_validation": False, "read_timeout": 30, "retries": retries, **settings}
        config = botocore.config.Config(**settings)
        client = self.session.client(service, endpoint_url=self.endpoint, verify=self.verify, config=config)
        events = client.meta.events
        events.register_last("before-parameter-build", self.see_parameters)
        events.register_last("before-send", self.see_attempt)
        events.register_first("before-parse", self.see_answer)
        events.register_last("response-received", self.see_outcome)
        return client

    def ask(self, client, operation, /, **parameters):
        """One call. A refusal is an outcome like another: it answers {}."""
        self.call = {}
        try:
            method = botocore.xform_name(operation)
            answer = getattr(client, method)(**parameters)
        except botocore.exceptions.ClientError as error:
            self.last = error.response["Error"]["Code"]
            answer = {}
        except botocore.exceptions.HTTPClientError as error:
            self.last = type(error).__name__
            answer = {}
        except botocore.parsers.ResponseParserError as error:
            self.tell_attempt(unparsed=str(error))
            answer = {}
        self.tell_attempt()
        return answer

    def see_parameters(self, params, model, **_):
        service = model.service_model
        self.call = {
            "service": service.service_name,
            "signingName": service.signing_name,
            "operation": model.name,
            "protocol": service.resolved_protocol,
            "parameters": encode(model.input_shape, params),
            "secrets": sorted(secrets(model.input_shape, params)),
        }

    def see_attempt(self, request, **_):
        self.tell_attempt()
        agent = f"{plain(request.headers['User-Agent'])} {self.next_mark()}"
        request.headers["User-Agent"] = agent
        attempt = re.search(r"attempt=(\d+)", plain(request.headers.get("amz-sdk-request", "")))
        self.told = {
            **self.call,
            "mark": self.mark,
            "method": request.method,
            "url": request.url,
            "userAgent": agent,
            "invocationId": plain(request.headers.get("amz-sdk-invocation-id", "")),
            "attempt": int(attempt[1]) if attempt else 1,
        }

    def see_answer(self, response_dict, **_):
        headers = response_dict["headers"]
        self.told["status"] = response_dict["status_code"]
        self.told["queryError"] = headers.get("x-amzn-query-error", "").split(";")[0]
        body = response_dict["body"]
        if isinstance(body, bytes) and response_dict["status_code"] >= 300:
            self.told["errorBody"] = body[:2000].decode(errors="replace")

    def see_outcome(self, parsed_response=None, exception=None, **_):
        if exception is not None:
            self.told["failure"] = f"{type(exception).__name__}: {exception}"
        if parsed_response is not None:
            self.told["requestId"] = parsed_response.get("ResponseMetadata", {}).get("RequestId", "")
            self.told["errorCode"] = str(parsed_response.get("Error", {}).get("Code", ""))
            self.told["errorMessage"] = str(parsed_response.get("Error", {}).get("Message", ""))

    def next_mark(self):
        self.mark += 1
        return f"oracle.{self.mark}"

    def tell_attempt(self, **more):
        """The attempt under way is over: tell of it."""
        if self.told is not None:
            tell({**self.told, **more})
        self.told = None


def tell(fact):
    print(json.dumps(fact), flush=True)


def note(**fact):
    tell({"note": fact})


def encode(shape, value):
    """Parameters as JSON: what JSON has no form for, and what is secret, is an object with one member named `$...`."""
    if shape is None:
        return value
    if is_secret(shape):
        return {"$secret": "..."}
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict) and not shape.is_document_type:
        return {name: encode(shape.members.get(name), inner) for name, inner in value.items()}
    if kind == "map":
        return {name: encode(shape.value, inner) for name, inner in value.items()}
    if kind == "list":
        return [encode(shape.member, inner) for inner in value]
    if isinstance(value, datetime.datetime):
        return {"$time": value.timestamp()}
    if kind == "blob":
        return {"$blob": base64.b64encode(value).decode() if isinstance(value, bytes) else ""}
    return value


def secrets(shape, value, hidden=False):
    """The texts that the model calls sensitive, wherever they stand."""
    if shape is None:
        return set()
    hidden = hidden or is_secret(shape)
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        return set().union(*(secrets(shape.members.get(name), inner, hidden) for name, inner in value.items()))
    if kind == "map":
        return set().union(*(secrets(shape.value, inner, hidden) for inner in value.values()))
    if kind == "list":
        return set().union(*(secrets(shape.member, inner, hidden) for inner in value))
    return {value} if hidden and isinstance(value, str) and len(value) >= 8 and value != ACCOUNT else set()


def is_secret(shape):
    return bool(shape.metadata.get("sensitive", False))


def plain(header):
    return header.decode() if isinstance(header, bytes) else header


def read_options():
    return json.loads(sys.argv[1])
