"""Everybody who can have credentials of a server, each of whom makes one queue under a name of his own."""

import base64
import json
import sys

import boto3
import botocore
import botocore.config

ACCOUNT = "123456789012"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
MFA = {"SerialNumber": f"arn:aws:iam::{ACCOUNT}:mfa/John", "TokenCode": "123456"}
STRANGER = {"AccessKeyId": "AKIAORACLEORACLE0006", "SecretAccessKey": "nobody-here-knows-this-key"}
MAPPED = {"AccessKeyId": "AKIAORACLEORACLE0007", "SecretAccessKey": "nobody-here-knows-this-key"}


class People:
    def __init__(self, endpoint):
        self.endpoint = endpoint

    def client(self, service, credentials=None):
        known = credentials or {}
        config = {"retries": {"total_max_attempts": 1}}
        if credentials is None:
            config["signature_version"] = botocore.UNSIGNED
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=known.get("AccessKeyId"),
            aws_secret_access_key=known.get("SecretAccessKey") or known.get("SecretKey"),
            aws_session_token=known.get("SessionToken"),
            config=botocore.config.Config(**config),
        )

    def make_queue(self, name, credentials):
        self.client("sqs", credentials).create_queue(QueueName=name)


def first_day(people):
    iam = people.client("iam", STRANGER)
    iam.create_user(UserName="John", Path="/shop/")
    john = iam.create_access_key(UserName="John")["AccessKey"]
    iam.create_user(UserName="Mary")
    mary = iam.create_access_key(UserName="Mary")["AccessKey"]
    barista = iam.create_role(RoleName="Barista", Path="/shop/", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    cook = iam.create_role(RoleName="Cook", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    sts = people.client("sts", john)
    session = sts.assume_role(
        RoleArn=barista,
        RoleSessionName="morning",
        SourceIdentity="john@example.com",
        Tags=[{"Key": "shift", "Value": "early"}],
        **MFA,
    )["Credentials"]
    chain = people.client("sts", session).assume_role(RoleArn=cook, RoleSessionName="noon")["Credentials"]
    known = {
        "user": john,
        "session": session,
        "chain": chain,
        "federated": sts.get_federation_token(Name="supplier")["Credentials"],
        "token": sts.get_session_token(**MFA)["Credentials"],
        "web": with_web_identity(people, barista),
        "saml": with_saml(people, barista),
        "nobody": STRANGER,
        "mapped": MAPPED,
    }
    for name, credentials in known.items():
        people.make_queue(f"by-{name}", credentials)
    tokenless = {name: value for name, value in session.items() if name != "SessionToken"}
    people.make_queue("by-session-without-its-token", tokenless)

    iam.delete_access_key(UserName="Mary", AccessKeyId=mary["AccessKeyId"])
    people.make_queue("by-deleted-key", mary)
    share_one_key(people)
    return known


def with_web_identity(people, role):
    sts = people.client("sts")
    return sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="web", WebIdentityToken="a-token")["Credentials"]


def with_saml(people, role):
    """The assertion says nothing that is not needed: nobody here looks at who has signed it."""
    provider = f"arn:aws:iam::{ACCOUNT}:saml-provider/idp"
    values = {"Role": f"{role},{provider}", "RoleSessionName": "saml"}
    attributes = "".join(
        f'<saml:Attribute Name="https://aws.amazon.com/SAML/Attributes/{name}">'
        f'<saml:AttributeValue xml:type="text">{value}</saml:AttributeValue></saml:Attribute>'
        for name, value in values.items()
    )
    assertion = (
        '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" '
        'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"><saml:Assertion><saml:AttributeStatement>'
        f"{attributes}</saml:AttributeStatement></saml:Assertion></samlp:Response>"
    )
    return people.client("sts").assume_role_with_saml(
        RoleArn=role, PrincipalArn=provider, SAMLAssertion=base64.b64encode(assertion.encode()).decode()
    )["Credentials"]


def share_one_key(people):
    """moto gives everybody the same credentials of a pool."""
    pool = people.client("cognito-identity", STRANGER).create_identity_pool(
        IdentityPoolName="guests", AllowUnauthenticatedIdentities=True
    )["IdentityPoolId"]
    guest = people.client("cognito-identity")
    for name in ("by-first-guest", "by-one-of-two-guests"):
        identity = guest.get_id(IdentityPoolId=pool)["IdentityId"]
        people.make_queue(name, guest.get_credentials_for_identity(IdentityId=identity)["Credentials"])


def second_day(people, known):
    iam = people.client("iam", STRANGER)
    for name, credentials in known.items():
        people.make_queue(f"by-{name}-again", credentials)
    iam.update_user(UserName="John", NewUserName="Jack", NewPath="/bar/")
    people.make_queue("by-renamed-user", known["user"])


def main():
    options = json.loads(sys.argv[1])
    people = People(options["endpoint"])
    known = options.get("known")
    if known is None:
        known = first_day(people)
    else:
        second_day(people, known)
    print(json.dumps({"note": {"known": known}}, default=str))


if __name__ == "__main__":
    main()
