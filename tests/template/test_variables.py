"""Environment variables: what each contains, and which functions have it."""

from typing import Any, NamedTuple

import pytest

from tests import sam_template
from tests.sam_template import functions


class Variable(NamedTuple):
    value: object
    functions: frozenset[str]


def ref(name: str) -> dict[str, Any]:
    return {"Ref": name}


def arn(name: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [name, "Arn"]}


WRITERS = frozenset({"api", "provision", "custom_resource"})  # of integrations
SHARED = {
    "POWERTOOLS_SERVICE_NAME": ref("AWS::StackName"),  # the metrics of two stacks differ in it
    "POWERTOOLS_LOG_LEVEL": ref("LogLevel"),
    "TABLE_NAME": ref("Table"),
    "PYDANTIC_DISABLE_PLUGINS": "__all__",
    "AWS_ENDPOINT_URL": "",  # on AWS, the functions use the endpoints of AWS
}
OWN = {
    # The AWS account whose roles an integration cannot have.
    "STACK_ACCOUNT_ID": Variable(ref("AWS::AccountId"), WRITERS | {"test_connection"}),
    # The names of the stack's own secrets begin with it. The permissions of the functions cover only these.
    "SECRET_PREFIX": Variable(ref("AWS::StackName"), WRITERS | {"sweep"}),
    "SECRET_KMS_KEY_ID": Variable(arn("Key"), WRITERS),
    "RECOVERY_WINDOW_DAYS": Variable(ref("RecoveryWindowDays"), WRITERS | {"publish_changes", "sweep"}),
    "ALLOWED_PRIVATE_HOSTS": Variable(
        {"Fn::Join": [",", ref("AllowedPrivateHosts")]},
        WRITERS | {"test_connection", "verify_key", "exchange_token"},
    ),
    "DOCS_PAGE": Variable(ref("DocsPage"), frozenset({"api"})),
    "CONSOLE_PAGE": Variable(ref("ConsolePage"), frozenset({"console"})),
    # All functions derive the same external IDs: the API shows them, and the readers of keys send them.
    "EXTERNAL_ID_NAMESPACE": Variable(
        {"Fn::Sub": "${AWS::AccountId}/${AWS::Region}/${AWS::StackName}"},
        frozenset({"api", "credentials", "test_connection"}),
    ),
    # The roles that a trust policy names are those of the functions that assume integrations' roles.
    "ASSUMING_ROLES": Variable(
        {"Fn::Join": [",", [arn("CredentialsFunctionRole"), arn("TestConnectionFunctionRole")]]}, frozenset({"api"})
    ),
    # Empty if federation is off.
    "FEDERATION_ISSUER": Variable(ref("FederationIssuer"), WRITERS | {"test_connection"}),
    "FEDERATION_SUBJECT": Variable(
        {"Fn::If": ["HasFederation", arn("ExchangeTokenFunctionRole"), ""]}, frozenset({"api"})
    ),
    "EXCHANGE_TOKEN_FUNCTION": Variable(
        {"Fn::If": ["HasFederation", {"Fn::Sub": "${ExchangeTokenFunction.Arn}:live"}, ""]},
        frozenset({"credentials", "test_connection"}),
    ),
    "VERIFY_KEY_FUNCTION": Variable({"Fn::Sub": "${VerifyKeyFunction.Arn}:live"}, frozenset({"api"})),
    "FINGERPRINT_KEY_ID": Variable(arn("FingerprintKey"), frozenset({"credentials", "test_connection"})),
    "EVENT_BUS_NAME": Variable(ref("Bus"), frozenset({"provision", "publish_changes", "sweep"})),
    "QUEUE_URL": Variable(ref("ProvisioningQueue"), frozenset({"provision"})),
    "MAX_KEY_AGE_DAYS": Variable(ref("MaxKeyAgeDays"), frozenset({"audit", "sweep"})),
    "UNUSED_KEY_DAYS": Variable(ref("UnusedKeyDays"), frozenset({"sweep"})),
    "SWEEP_REMOVAL_LIMIT": Variable(ref("SweepRemovalLimit"), frozenset({"sweep"})),
    # CloudFormation's response buckets have the domain of the stack's partition.
    "URL_SUFFIX": Variable(ref("AWS::URLSuffix"), frozenset({"custom_resource"})),
    "AUDIT_LOG_DAYS": Variable(ref("AuditLogDays"), frozenset({"audit", "publish_changes"})),
    # A grant names principals of the stack's partition.
    "STACK_PARTITION": Variable(ref("AWS::Partition"), frozenset({"consumers"})),
    # Lambda publishes no version whose code and settings equal those of the version before it.
    "RELEASE": Variable(
        ref("Release"),
        frozenset(
            {
                "api",
                "audit",
                "authorizer",
                "console",
                "consumers",
                "credentials",
                "exchange_token",
                "test_connection",
                "verify_key",
            }
        ),
    ),
    # The audit trail of these functions is written at every LogLevel.
    "POWERTOOLS_LOG_LEVEL": Variable("INFO", frozenset({"credentials", "exchange_token", "sweep"})),
}
# What a function cannot process goes to the dead-letter queue of its source.
DEAD_LETTER_QUEUES = {"provision": ref("ProvisioningDeadLetterQueue"), "publish_changes": ref("StreamDeadLetterQueue")}


def variables(function: str) -> dict[str, object]:
    found: dict[str, object] = functions()[function].get("Environment", {}).get("Variables", {})
    return found


def test_every_function_has_the_shared_variables() -> None:
    assert sam_template.template()["Globals"]["Function"]["Environment"]["Variables"] == SHARED


@pytest.mark.parametrize("function", functions())
def test_function_has_exactly_the_variables_it_needs(function: str) -> None:
    own = {name: each.value for name, each in OWN.items() if function in each.functions}
    if function in DEAD_LETTER_QUEUES:
        own["DEAD_LETTER_QUEUE_URL"] = DEAD_LETTER_QUEUES[function]
    assert variables(function) == own


def test_every_published_function_has_the_release() -> None:
    published = {name for name, each in functions().items() if "AutoPublishAlias" in each}
    assert published == OWN["RELEASE"].functions
