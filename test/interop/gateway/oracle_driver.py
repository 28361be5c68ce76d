"""Two ways to make calls that a gateway must understand: stories that mean something, and a few of everything there is."""

import contextlib
import itertools
import time

import botocore
import botocore.model
import oracle_stories
from oracle import Oracle, note, read_options
from oracle_parameters import made_up

# Their clients need more than a key, or do not let themselves be pointed at an endpoint; or they sign as IAM, which
# OpenTrail serves itself and in another protocol.
NOT_ASKED = {"account-access-runtime", "cloudfront-keyvaluestore", "codecatalyst", "iam-toolbox", "signin"}


def main():
    options = read_options()
    oracle = Oracle(options)
    note(botocore=botocore.__version__)
    if options["what"] == "stories":
        tell_stories(oracle)
    elif options["what"] == "everything":
        tell_of_everything(oracle, options["perService"])
    else:
        try_again(oracle)


def tell_stories(oracle):
    """Each story in every protocol that its service can be spoken to in."""
    for service, story in oracle_stories.STORIES:
        for protocol in protocols_of(oracle, service):
            with speaking(protocol):
                client = oracle.client(service)
                tell_story(oracle, client, story)


def tell_story(oracle, client, story):
    try:
        story(lambda operation, **parameters: oracle.ask(client, operation, **parameters))
    except (KeyError, IndexError, TypeError) as error:  # moto answered otherwise than the story thought
        note(service=client.meta.service_model.service_name, ended=f"{type(error).__name__} {error}")


def protocols_of(oracle, service):
    offered = oracle.client(service).meta.service_model.metadata.get("protocols", [None])
    return [protocol for protocol in offered if protocol in (None, *botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS)]


@contextlib.contextmanager
def speaking(protocol):
    """Clients opened meanwhile speak this protocol, not the one that botocore likes best."""
    liked = botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS
    if protocol is not None:
        botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS = (protocol,)
    try:
        yield
    finally:
        botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS = liked


def tell_of_everything(oracle, per_service):
    for service in oracle.session.get_available_services():
        if service in NOT_ASKED:
            continue
        client = oracle.client(service)
        model = client.meta.service_model
        for name in spread(model.operation_names, per_service):
            operation = model.operation_model(name)
            if operation.has_event_stream_input or operation.deprecated:
                continue
            parameters = made_up(operation.input_shape) if operation.input_shape else {}
            try:
                oracle.ask(client, name, **parameters)
            except Exception as error:  # the client's own refusal: nothing was sent, nothing can be recorded
                oracle.tell_attempt(unparsed=f"{type(error).__name__} {error}")
                note(service=service, operation=name, notSent=f"{type(error).__name__} {error}"[:300])


def try_again(oracle):
    """Calls that do not get through at once; boto3 asks again by itself."""
    time.sleep = lambda _: None
    patient = {service: oracle.client(service, attempts=3) for service in ("dynamodb", "lambda", "s3", "sns")}
    oracle.ask(patient["dynamodb"], "ListTables", Limit=3)
    oracle.ask(patient["dynamodb"], "DeleteTable", TableName="none")
    oracle.ask(patient["lambda"], "ListFunctions")
    oracle.ask(patient["sns"], "CreateTopic", Name="patience")
    oracle.ask(patient["s3"], "CreateBucket", Bucket="patience")
    oracle.ask(patient["s3"], "PutObject", Bucket="patience", Key="a", Body=b"patience" * 100)
    oracle.ask(patient["s3"], "HeadObject", Bucket="patience", Key="a")


def spread(names, count):
    """As many of the names as asked for, from the first to the last."""
    step = max(1, len(names) / count)
    return [names[int(index)] for index in itertools.takewhile(lambda at: at < len(names), itertools.count(0, step))]


if __name__ == "__main__":
    main()
