"""What IAM decides about requests: the policies of the functions, and those of the KMS keys, evaluated."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import pytest

from ai_integrations.adapters.dynamodb.integrations import DynamoDbIntegrations
from ai_integrations.adapters.dynamodb.transactions import Transactor
from ai_integrations.contracts.published_events import (
    CHANGE_EVENTS,
    CONSUMER_EVENTS,
    KEY_REMINDERS,
    OUTCOMES,
    SOURCE,
    Event,
    HealthChanged,
    SweepRan,
)
from ai_integrations.domain.model import Scoping, Tombstone
from tests import sam_template
from tests.builders import NOON, an_integration
from tests.iam.authorization import Account, Call
from tests.iam.evaluator import Request, Values, allowing_statements
from tests.iam.policies import ACCOUNT, REGION, Policies

STACK = sam_template.STACK
ARNS = {name: f"arn:aws:fake:{REGION}:{ACCOUNT}:{name}" for name in sam_template.template()["Resources"]}
ARNS["Table"] = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t"
POLICIES = Policies(stack=STACK, arns=ARNS)
Context = Mapping[str, str | list[str]]


def as_values(context: Context) -> dict[str, Values]:
    return {name: frozenset([each] if isinstance(each, str) else each) for name, each in context.items()}


def is_allowed(function: str, action: str, resource: str, context: Context) -> bool:
    request = Request(action=action, resource=resource, context=as_values(context))
    return bool(allowing_statements(POLICIES.statements(function), request))


# ---------------------------------------------------------------------- access keys

HASH, LISTED, OTHER = f"ACCESSKEY#{'0' * 64}", "ACCESSKEYS#acme", "ACCOUNT#acme"


@pytest.mark.parametrize(
    ("partitions", "expected"),
    [([HASH], True), ([LISTED], True), ([HASH, LISTED], True), ([OTHER], False), ([HASH, OTHER], False), ([], False)],
)
def test_access_key_is_issued_even_if_iam_compares_all_partitions_of_the_transaction(
    partitions: list[str], expected: bool
) -> None:
    """AWS documents dynamodb:LeadingKeys for single requests only."""
    context = {"dynamodb:LeadingKeys": partitions} if partitions else {}
    assert is_allowed("access_keys", "dynamodb:PutItem", ARNS["Table"], context) is expected


@pytest.mark.parametrize("action", ["dynamodb:PutItem", "dynamodb:DeleteItem"])
@pytest.mark.parametrize(
    ("partitions", "expected"),
    [
        (["CONSUMERS#acme"], True),
        (["CONSUMER#0"], True),
        (["CONSUMERS#acme", "CONSUMER#0"], True),
        (["CONSUMERS#acme", OTHER], False),
        ([LISTED], False),
    ],
)
def test_grant_is_written_even_if_iam_compares_all_partitions_of_the_transaction(
    partitions: list[str], expected: bool, action: str
) -> None:
    assert is_allowed("consumers", action, ARNS["Table"], {"dynamodb:LeadingKeys": partitions}) is expected


@pytest.mark.parametrize(
    ("partitions", "expected"), [(["ACCOUNT#acme", "CONSUMER#0"], True), (["ACCOUNT#acme", "CONSUMERS#acme"], False)]
)
def test_grant_and_integration_can_be_read_at_once(partitions: list[str], expected: bool) -> None:
    context = {"dynamodb:LeadingKeys": partitions}
    assert is_allowed("credentials", "dynamodb:BatchGetItem", ARNS["Table"], context) is expected


# ---------------------------------------------------------------------- roles of integrations


@pytest.mark.parametrize(
    ("role_arn", "expected"),
    [
        ("arn:aws:iam::123456789012:role/models", True),
        ("arn:aws:iam::123456789012:role/team/models", True),
        (f"arn:aws:iam::{ACCOUNT}:role/models", False),
        (f"arn:aws:iam::{ACCOUNT}:role/team/models", False),
        (f"arn:aws-cn:iam::{ACCOUNT}:role/models", False),
    ],
)
@pytest.mark.parametrize("function", ["credentials", "test_connection"])
def test_assume_role_is_allowed_only_for_other_accounts_and_with_an_external_id(
    function: str, role_arn: str, expected: bool
) -> None:
    assert is_allowed(function, "sts:AssumeRole", role_arn, {"sts:ExternalId": "fake-external-id"}) is expected
    assert not is_allowed(function, "sts:AssumeRole", role_arn, {})


# ---------------------------------------------------------------------- secrets

OWN, OTHER_STACKS, OWNERS = f"{STACK}/acme/1", "other-stack/acme/1", "team/key"
ACCOUNT_TAG, STACK_TAG = ({f"secretsmanager:ResourceTag/ai-integrations:{name}": "x"} for name in ("account", "stack"))


@pytest.mark.parametrize(
    ("name", "tags", "readers"),
    [
        pytest.param(OWN, ACCOUNT_TAG | STACK_TAG, {"credentials", "test_connection"}, id="own secret"),
        pytest.param(OWNERS, ACCOUNT_TAG, {"credentials", "test_connection"}, id="referenced secret"),
        pytest.param(OTHER_STACKS, ACCOUNT_TAG | STACK_TAG, set(), id="secret of another stack"),
        pytest.param(OWNERS, {}, set(), id="secret without tags"),
        pytest.param(f"{STACK}-2/acme/1", {}, set(), id="secret of a stack with a similar name"),
    ],
)
def test_secret_is_readable_only_by_readers_if_it_is_own_or_referenced(
    name: str, tags: dict[str, str], readers: set[str]
) -> None:
    arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-AbCdEf"
    functions = sam_template.functions()
    assert {each for each in functions if is_allowed(each, "secretsmanager:GetSecretValue", arn, tags)} == readers


@pytest.mark.parametrize("function", ["api", "provision", "custom_resource", "credentials", "test_connection"])
def test_secret_of_another_stack_cannot_be_described(function: str) -> None:
    arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{OTHER_STACKS}-AbCdEf"
    assert not is_allowed(function, "secretsmanager:DescribeSecret", arn, ACCOUNT_TAG | STACK_TAG)


@pytest.mark.parametrize(("tag", "expected"), [({}, False), ({"stack": STACK}, True), ({"stack": "other"}, False)])
@pytest.mark.parametrize("action", ["DeleteSecret", "RestoreSecret", "UpdateSecretVersionStage"])
def test_sweep_changes_only_secrets_with_the_tag_of_its_stack(action: str, tag: dict[str, str], expected: bool) -> None:
    arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{OWN}-AbCdEf"
    context = {f"secretsmanager:ResourceTag/ai-integrations:{name}": value for name, value in tag.items()}
    assert is_allowed("sweep", f"secretsmanager:{action}", arn, context) is expected


# ---------------------------------------------------------------------- events

PUBLISHED: Mapping[str, tuple[type[Event], ...]] = {
    "provision": OUTCOMES,
    "publish_changes": (*CHANGE_EVENTS, HealthChanged, *CONSUMER_EVENTS),
    "sweep": (SweepRan, *KEY_REMINDERS),
}


@pytest.mark.parametrize("function", PUBLISHED)
def test_function_may_publish_exactly_its_own_events(function: str) -> None:
    [statement] = [each for each in sam_template.role_statements(function) if each["Sid"] == "PublishEvents"]
    types = statement["Condition"]["ForAllValues:StringEquals"]["events:detail-type"]
    assert set(types) == {each.detail_type for each in PUBLISHED[function]}
    for each in types:
        event = {"events:source": SOURCE, "events:detail-type": each}
        assert is_allowed(function, "events:PutEvents", ARNS["Bus"], event)


@pytest.mark.parametrize("function", PUBLISHED)
def test_function_may_not_publish_its_events_with_another_source(function: str) -> None:
    for each in PUBLISHED[function]:
        event = {"events:source": "platform", "events:detail-type": each.detail_type}
        assert not is_allowed(function, "events:PutEvents", ARNS["Bus"], event)


@pytest.mark.parametrize("function", PUBLISHED)
@pytest.mark.parametrize(
    "event",
    [
        {"events:source": SOURCE, "events:detail-type": "AI Integration Create Requested"},
        {"events:source": "platform", "events:detail-type": "AI Integration Sweep Ran"},
        {"events:source": SOURCE},
        {"events:detail-type": "AI Integration Sweep Ran"},
    ],
)
def test_function_may_not_publish_a_request_or_events_of_others(function: str, event: dict[str, str]) -> None:
    assert not is_allowed(function, "events:PutEvents", ARNS["Bus"], event)


def test_one_request_among_other_events_is_denied() -> None:
    types = ["AI Integration Created", "AI Integration Delete Requested"]
    event: Context = {"events:source": SOURCE, "events:detail-type": types}
    assert not is_allowed("publish_changes", "events:PutEvents", ARNS["Bus"], event)


# ---------------------------------------------------------------------- attributes

LEADING_KEYS, ATTRIBUTES = "dynamodb:LeadingKeys", "dynamodb:Attributes"


class RecordingDynamoDb:
    """Records the items of the transactions that an adapter writes."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []

    def transact_write_items(self, *, TransactItems: list[dict[str, Any]]) -> None:  # noqa: N803 boto3's name
        self.items.extend(TransactItems)


def updates_of_all_writes() -> list[Request]:
    """Create, change and delete an integration with a role and scopings. Return the UpdateItem requests."""
    recording = RecordingDynamoDb()
    client = cast("Any", recording)
    store = DynamoDbIntegrations(client, "t", Transactor(client, "t"))
    scopings = (Scoping(organization_id="o", space_id="s"),)
    one, another = ({"role_arn": f"arn:aws:iam::123456789012:role/{name}"} for name in ("a", "b"))
    created = an_integration(provider="AWS_BEDROCK", provider_metadata=one, scopings=scopings)
    changed = replace(created, provider_metadata=another, version=2)
    store.insert(created, None)
    store.update(created, changed)
    store.delete(Tombstone(integration=changed, deleted_at=NOON, deleted_by="bob", expires_at=NOON))
    call = Call(
        function="api",
        service="dynamodb",
        operation="TransactWriteItems",
        parameters={"TransactItems": recording.items},
    )
    requests = Account(tags={}, keys={}).requests(call)
    return [each for each in requests if each.action == "dynamodb:UpdateItem"]


UPDATES = updates_of_all_writes()


@pytest.mark.parametrize(("sid", "partition"), [("RecordGuards", "ROLE#"), ("RecordSpaceOrganizations", "SPACES#")])
@pytest.mark.parametrize("function", ["api", "provision", "custom_resource"])
def test_update_is_limited_to_exactly_the_attributes_that_the_adapter_names(
    function: str, sid: str, partition: str
) -> None:
    of_kind = [each for each in UPDATES if all(key.startswith(partition) for key in each.context[LEADING_KEYS])]
    [statement] = [each for each in sam_template.role_statements(function) if each["Sid"] == sid]
    allowed = set(statement["Condition"]["ForAllValues:StringEquals"][ATTRIBUTES])
    assert allowed == set().union(*(each.context[ATTRIBUTES] for each in of_kind))
    for each in of_kind:
        assert allowing_statements(POLICIES.statements(function), each) == [sid]


@pytest.mark.parametrize(("function", "partition"), [("provision", "SPACES#acme"), ("api", "ROLE#r")])
def test_update_of_another_attribute_or_without_any_is_denied(function: str, partition: str) -> None:
    other: Context = {LEADING_KEYS: partition, ATTRIBUTES: ["pk", "sk", "name"]}
    assert not is_allowed(function, "dynamodb:UpdateItem", ARNS["Table"], other)
    assert not is_allowed(function, "dynamodb:UpdateItem", ARNS["Table"], {LEADING_KEYS: partition})


# ---------------------------------------------------------------------- KMS keys

TAGGED = {"aws:PrincipalTag/ai-integrations:key-access": STACK}
SECRETS_MANAGER = {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}
DYNAMODB = {"kms:ViaService": f"dynamodb.{REGION}.amazonaws.com", "kms:CallerAccount": ACCOUNT}
LOGS = f"logs.{REGION}.amazonaws.com"
LOG_GROUP = "kms:EncryptionContext:aws:logs:arn"
OF_THIS_ACCOUNT, OF_ANOTHER_ACCOUNT = (f"arn:aws:iam::{account}:role/r" for account in (ACCOUNT, "999999999999"))


def key_policy_allows(key: str, action: str, principal: str, context: Context) -> bool:
    request = Request(action=action, resource=ARNS[key], principal=principal, context=as_values(context))
    return bool(allowing_statements(POLICIES.key_statements(ARNS[key]), request))


@pytest.mark.parametrize(
    ("principal", "context", "expected"),
    [
        pytest.param(OF_THIS_ACCOUNT, SECRETS_MANAGER | TAGGED, True, id="function that uses keys"),
        pytest.param(OF_THIS_ACCOUNT, SECRETS_MANAGER, False, id="administrator"),
        pytest.param(
            OF_THIS_ACCOUNT,
            SECRETS_MANAGER | {next(iter(TAGGED)): "other-stack"},
            False,
            id="function of another stack",
        ),
        pytest.param(OF_ANOTHER_ACCOUNT, SECRETS_MANAGER | TAGGED, False, id="tagged role of another account"),
        pytest.param(OF_ANOTHER_ACCOUNT, {}, False, id="another account"),
        pytest.param(OF_THIS_ACCOUNT, DYNAMODB, True, id="table, and its backups"),
        pytest.param(
            OF_ANOTHER_ACCOUNT, DYNAMODB | {"kms:CallerAccount": "999999999999"}, False, id="table of another account"
        ),
        pytest.param(
            LOGS, {LOG_GROUP: f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/{STACK}/api"}, True, id="own log group"
        ),
        pytest.param(
            LOGS, {LOG_GROUP: f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/other/api"}, False, id="other log group"
        ),
        pytest.param("lambda.amazonaws.com", {}, False, id="another service"),
    ],
)
def test_key_decrypts_only_for_its_functions_the_table_and_the_logs(
    principal: str, context: Context, expected: bool
) -> None:
    assert key_policy_allows("Key", "kms:Decrypt", principal, context) is expected


def test_key_policy_denies_other_readers_nothing_except_decryption() -> None:
    assert key_policy_allows("Key", "kms:DescribeKey", OF_THIS_ACCOUNT, SECRETS_MANAGER)
    assert not key_policy_allows("Key", "kms:Decrypt", OF_THIS_ACCOUNT, SECRETS_MANAGER)


@pytest.mark.parametrize("action", ["kms:GenerateMac", "kms:VerifyMac"])
def test_fingerprint_key_computes_only_for_functions_that_use_keys(action: str) -> None:
    assert key_policy_allows("FingerprintKey", action, OF_THIS_ACCOUNT, TAGGED)
    assert not key_policy_allows("FingerprintKey", action, OF_THIS_ACCOUNT, {})
    assert not key_policy_allows("FingerprintKey", action, OF_ANOTHER_ACCOUNT, TAGGED)


@pytest.mark.parametrize("key", sam_template.resources("AWS::KMS::Key"))
@pytest.mark.parametrize("action", ["kms:PutKeyPolicy", "kms:CancelKeyDeletion", "kms:EnableKey"])
def test_administrators_of_the_account_keep_control_of_the_key(key: str, action: str) -> None:
    """Otherwise no principal could correct the key policy, not even CloudFormation."""
    assert key_policy_allows(key, action, OF_THIS_ACCOUNT, {})
    assert not key_policy_allows(key, action, OF_ANOTHER_ACCOUNT, {})


def test_only_functions_that_store_or_read_keys_have_the_tag() -> None:
    tagged = {each for each in sam_template.functions() if POLICIES.principal_tags(each)}
    assert tagged == {"api", "credentials", "test_connection"}
    assert all(POLICIES.principal_tags(each) == as_values(TAGGED) for each in tagged)


def test_grants_of_a_function_are_what_is_allowed_and_not_what_is_denied() -> None:
    granted = {sid for sid, _ in POLICIES.granted("credentials")}
    assert {each["Sid"] for each in POLICIES.statements("credentials")} - granted == {"DenyRolesOfThisAccount"}
