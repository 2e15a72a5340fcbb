"""docs/data-model.md: its example items are exactly what the code writes, for every kind of row."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
import pytest
from moto import mock_aws
from pydantic import SecretStr

from ai_integrations.adapters.dynamodb.access_key_lookup import digest
from ai_integrations.adapters.dynamodb.access_keys import AccessKeys
from ai_integrations.adapters.dynamodb.attributes import from_wire
from ai_integrations.adapters.dynamodb.audit_log import DynamoDbAuditLog, entry_from_item
from ai_integrations.adapters.dynamodb.connection_health import DynamoDbConnectionHealth
from ai_integrations.adapters.dynamodb.consumers import DynamoDbConsumers, consumer_from_item, consumer_item
from ai_integrations.adapters.dynamodb.integrations import DynamoDbIntegrations
from ai_integrations.adapters.dynamodb.refusals import DynamoDbRefusals, refusal_from_item
from ai_integrations.adapters.dynamodb.reminders import DynamoDbReminders
from ai_integrations.adapters.dynamodb.removal_counts import DynamoDbRemovalCounts
from ai_integrations.adapters.dynamodb.request_outcomes import DynamoDbRequestOutcomes
from ai_integrations.adapters.dynamodb.senders import DynamoDbSenders
from ai_integrations.adapters.dynamodb.spaces import DynamoDbSpaces
from ai_integrations.adapters.dynamodb.sweep_records import SweepRecords
from ai_integrations.adapters.dynamodb.transactions import Transactor
from ai_integrations.adapters.dynamodb.uses import DynamoDbUses
from ai_integrations.adapters.secrets_manager.key_store import SecretsManagerKeyStore, label
from ai_integrations.domain.connection_health import CheckStatus, Health, Rung
from ai_integrations.domain.consumers import Grant, Revocation
from ai_integrations.domain.model import (
    AccessKey,
    Caller,
    CredentialsSet,
    IdempotencyKey,
    Membership,
    Organization,
    PreviousKey,
    Role,
    Scoping,
    SecretVersion,
    Space,
    Tombstone,
)
from ai_integrations.domain.refusals import Refusal
from ai_integrations.domain.reminders import RETENTION, LastReminder, Reason, SentReminders
from ai_integrations.domain.uses import Use, UsedBy
from ai_integrations.use_cases.audit_entries import entry_of_change, entry_of_refusal
from ai_integrations.use_cases.changes import Change
from ai_integrations.use_cases.provisioning import RecordedOutcome
from ai_integrations.use_cases.removal_limit import RemovalCount
from ai_integrations.use_cases.sweep import SweepPosition
from tests import sam_template
from tests.builders import API_KEY, FEDERATIONS, NOON, ROOT, a_consumer, a_source, an_integration, the_stacks

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = Mapping[str, Any]

DOCUMENT = (ROOT / "docs" / "data-model.md").read_text()
EXAMPLES: list[Item] = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)]
ITEMS = {f"{item['pk']} {item['sk']}": item for item in EXAMPLES if "pk" in item}
[SECRET] = [example for example in EXAMPLES if "Name" in example]

ORGANIZATION, SPACE, REGISTERED_SPACE = "T3JnYW5pemF0aW9uOjE=", "U3BhY2U6MQ==", "U3BhY2U6Mg=="
SECRETS = "arn:aws:secretsmanager:eu-central-1:123456789012:secret"
FIRST_VERSION, SECOND_VERSION = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"

OPEN_AI_SECRET = f"{SECRETS}:ai-integrations/acme/01KDZ3ZQ80000000000000000A-fAkE01"
OPEN_AI = an_integration(
    id="01KDZ3ZQ80000000000000000A",
    name="Production OpenAI",
    base_url="https://api.openai.com/v1",
    model_names=("gpt-4o", "gpt-4o-mini"),
    headers={"X-Team": "fake-header-value"},
    scopings=(Scoping(organization_id=ORGANIZATION, space_id=SPACE),),
    secret=SecretVersion(arn=OPEN_AI_SECRET, version=FIRST_VERSION),
)
ROTATED = replace(
    OPEN_AI,
    version=2,
    updated_at=NOON + timedelta(hours=1),
    updated_by="bob",
    secret=SecretVersion(arn=OPEN_AI_SECRET, version=SECOND_VERSION),
    credentials_set=CredentialsSet(at=NOON + timedelta(hours=1), by="bob"),
    previous_key=PreviousKey(
        secret=SecretVersion(arn=OPEN_AI_SECRET, version=FIRST_VERSION), usable_until=NOON + timedelta(hours=25)
    ),
)
VERTEX = an_integration(
    id="01KDZ3ZQ80000000000000000B",
    name="Vertex of the data team",
    provider="VERTEX_AI",
    provider_metadata={"project_id": "fake-project", "location": "europe-west1", "project_access_label": "fake-label"},
    secret=SecretVersion(arn=f"{SECRETS}:data-team/vertex-fAkE02", version=None),
)
ANTHROPIC = an_integration(
    id="01KDZ3ZQ80000000000000000C",
    name="Old Anthropic",
    provider="ANTHROPIC",
    secret=SecretVersion(
        arn=f"{SECRETS}:ai-integrations/acme/01KDZ3ZQ80000000000000000C-fAkE03",
        version="00000000-0000-4000-8000-000000000003",
    ),
)
BEDROCK = an_integration(
    id="01KDZ3ZQ80000000000000000F",
    name="Bedrock",
    provider="AWS_BEDROCK",
    provider_metadata={"role_arn": "arn:aws:iam::123456789012:role/team/LLM-access"},
)
FEDERATED = an_integration(
    id="01KDZ3ZQ80000000000000000G", name="OpenAI without a key", federation=FEDERATIONS["OPEN_AI"]
)
TOMBSTONE = Tombstone(
    integration=ANTHROPIC,
    deleted_at=NOON + timedelta(hours=2),
    deleted_by="bob",
    expires_at=NOON + timedelta(days=30, hours=2),
)
HEALTH = Health(
    account="acme",
    id=OPEN_AI.id,
    integration_version=2,
    checked_at=NOON + timedelta(hours=3),
    model="gpt-4o",
    rungs=(
        Rung(
            name="reachable",
            status=CheckStatus.PASSED,
            latency_ms=41,
            proved="The connection succeeded, and the certificate is valid for the host.",
        ),
        Rung(
            name="authenticated",
            status=CheckStatus.PASSED,
            latency_ms=180,
            proved="The provider lists its models with the credentials and rejects the same request without them.",
            not_proved="A restricted key may be allowed to list models but not to use them, or the reverse.",
        ),
        Rung(
            name="model_answers",
            status=CheckStatus.FAILED,
            latency_ms=95,
            not_proved="The provider answered with status 404.",
            provider_said="The model `gpt-4o` does not exist or you do not have access to it.",
        ),
    ),
    key_version=SECOND_VERSION,
    key_fingerprint="00000000000000000000000000000fac",
    models=("gpt-5", "gpt-5-mini"),
)
CALLER = Caller(
    account="acme",
    user="alice",
    role=Role.MEMBER,
    memberships=(Membership(organization_id=ORGANIZATION, space_id=SPACE, admin=True),),
)
ACCESS_KEYS = [
    AccessKey(id=key_id, caller=CALLER, created_at=NOON, expires_at=NOON + timedelta(days=90))
    for key_id in ("01KDZ3ZQ80000000000000000D", "01KDZ3ZQ80000000000000000E")
]
PLACES: list[Organization | Space] = [
    Organization(account="acme", id=ORGANIZATION, name="Research", created_at=NOON),
    Space(
        account="acme",
        id=REGISTERED_SPACE,
        organization_id=ORGANIZATION,
        name="Evaluation",
        description="Models under evaluation",
        created_at=NOON,
    ),
]
BY_ID = a_consumer(
    id="01KDZ3ZQ80000000000000000G",
    principal_arn="arn:aws:iam::123456789012:role/service/Billing",
    name="Billing job",
    grant=Grant(integrations=frozenset({OPEN_AI.id})),
    expires_at=NOON + timedelta(days=365),
)
BY_MEMBERSHIP = a_consumer(
    id="01KDZ3ZQ80000000000000000H",
    principal_arn="arn:aws:iam::123456789012:user/alice",
    grant=Grant(memberships=(Membership(organization_id=ORGANIZATION, space_id=SPACE),)),
)
ACCOUNT_WIDE = a_consumer(id="01KDZ3ZQ80000000000000000J", principal_arn="arn:aws:iam::123456789012:role/reporting")

USE = Use(
    account="acme",
    integration_id=OPEN_AI.id,
    consumer=UsedBy.principal(BY_ID.principal),
    last_used_at=NOON + timedelta(days=1),
    days=frozenset({NOON.date(), NOON.date() + timedelta(days=1)}),
)
REFUSAL = Refusal(
    account="acme",
    consumer=UsedBy.broker_states("nightly-job"),
    reason="key_unavailable",
    refused_at=NOON,
    integration_id=OPEN_AI.id,
)
ENTRIES = [entry_of_change(Change(OPEN_AI, ROTATED)), entry_of_refusal(REFUSAL)]
OUTCOME = RecordedOutcome(
    fingerprint="fake-fingerprint",
    detail_type="AI Integration Create Succeeded",
    detail='{"account":"acme","request_id":"order-4711","version":1}',
)
POSITION = SweepPosition(part="secrets", token="fake-next-token")
REMINDED_AT = NOON + timedelta(days=97, hours=2)
REMINDERS = SentReminders.of_key(ROTATED, None)._replace(
    last={
        Reason.DUE: LastReminder(number=2, week=NOON + timedelta(days=97, hours=1)),
        Reason.UNUSED: LastReminder(number=9, week=NOON + timedelta(days=93, hours=1)),
    }
)
REMOVALS = RemovalCount(allowed=20, made=20, until=NOON + timedelta(days=1), stopped_at=NOON)


class Table(NamedTuple):
    client: "DynamoDBClient"
    name: str

    def items(self) -> Iterator[Item]:
        yield from map(from_wire, self.client.scan(TableName=self.name)["Items"])


def write_integrations(table: Table) -> None:
    integrations = DynamoDbIntegrations(*table, Transactor(*table))
    integrations.insert(OPEN_AI, None)
    integrations.update(OPEN_AI, ROTATED)
    integrations.insert(VERTEX, None)
    integrations.insert(
        ANTHROPIC, IdempotencyKey(user="alice", value="fake-idempotency-key", fingerprint="fake-fingerprint")
    )
    integrations.insert(BEDROCK, None)
    integrations.insert(FEDERATED, None)
    integrations.delete(TOMBSTONE)


def write_access_keys(table: Table) -> dict[str, str]:
    """Issue two access keys and revoke the second; return the hashes by what stands for them in the document."""
    access_keys = AccessKeys(*table)
    hashes = [digest(access_keys.issue(each)) for each in ACCESS_KEYS]
    access_keys.revoke("acme", ACCESS_KEYS[1].id, NOON + timedelta(days=1))
    return dict(zip(hashes, (f"{number:064}" for number in (1, 2)), strict=True))


def write_consumers(table: Table) -> None:
    consumers = DynamoDbConsumers(*table, Transactor(*table))
    consumers.insert(BY_ID)
    for each in (BY_MEMBERSHIP, ACCOUNT_WIDE):
        consumers.insert(each)
    consumers.revoke(Revocation(consumer=ACCOUNT_WIDE, revoked_at=NOON + timedelta(hours=4), revoked_by="bob"))


def write_senders(table: Table) -> None:
    senders = DynamoDbSenders(*table)
    senders.register(a_source(role=Role.MEMBER, memberships=CALLER.memberships))
    senders.register(the_stacks(name="team-*"))


def write_the_rest(table: Table) -> None:
    for place in PLACES:
        DynamoDbSpaces(*table).register(place)
    DynamoDbConnectionHealth(*table).record(HEALTH)
    for day in sorted(USE.days):
        DynamoDbUses(*table).record("acme", OPEN_AI.id, USE.consumer, datetime.combine(day, NOON.timetz()))
    DynamoDbRefusals(*table).record(REFUSAL)
    for entry in filter(None, ENTRIES):
        DynamoDbAuditLog(*table, retention=timedelta(days=90)).record(entry)
    DynamoDbRequestOutcomes(*table).record("acme", "order-4711", OUTCOME, NOON)
    DynamoDbReminders(*table).save(REMINDERS, REMINDED_AT + RETENTION)
    SweepRecords(*table).store_position(POSITION)
    DynamoDbRemovalCounts(*table).replace(None, REMOVALS)


@pytest.fixture(scope="module")
def table() -> Iterator[Table]:
    with mock_aws():
        table = Table(boto3.client("dynamodb"), "table")
        table.client.create_table(**sam_template.table(table.name))
        yield table


@pytest.fixture(scope="module")
def written(table: Table) -> dict[str, Item]:
    """Write at least one item of every kind with the real adapters; return the table's content by key."""
    write_integrations(table)
    write_consumers(table)
    write_senders(table)
    write_the_rest(table)
    hashes = write_access_keys(table)
    content = json.dumps(list(table.items()), default=sorted)  # sorted: sets become lists
    for of_key, placeholder in hashes.items():
        content = content.replace(of_key, placeholder)
    return {f"{item['pk']} {item['sk']}": item for item in json.loads(content)}


def test_example_items_equal_the_written_items(written: dict[str, Item]) -> None:
    assert {key: written.get(key) for key in ITEMS} == ITEMS


@pytest.mark.usefixtures("written")
def test_written_items_are_read_as_the_same_values(table: Table) -> None:
    integrations = DynamoDbIntegrations(*table, Transactor(*table))
    newest = integrations.newest("acme", None, 9)
    assert [*newest.integrations] == [FEDERATED, BEDROCK, VERTEX, ROTATED]
    assert integrations.get_deleted("acme", ANTHROPIC.id) == TOMBSTONE
    assert integrations.newest_deleted("acme", None, 9) == ([TOMBSTONE], False)
    spaces = DynamoDbSpaces(*table)
    assert [*spaces.organizations("acme"), spaces.space("acme", REGISTERED_SPACE)] == PLACES
    assert spaces.spaces("acme") == [Space(account="acme", id=SPACE, organization_id=ORGANIZATION), PLACES[1]]
    assert DynamoDbConnectionHealth(*table).last("acme", OPEN_AI.id) == HEALTH
    assert DynamoDbUses(*table).of_integrations("acme", OPEN_AI.id, OPEN_AI.id) == [USE]
    assert [refusal_from_item(each) for each in table.items() if each["sk"].startswith("REFUSED#")] == [REFUSAL]
    assert [entry_from_item(each) for each in table.items() if each["pk"] == "AUDIT#acme"] == ENTRIES[::-1]
    assert DynamoDbRequestOutcomes(*table).find("acme", "order-4711") == OUTCOME
    assert DynamoDbReminders(*table).load([ROTATED]) == {ROTATED.id: REMINDERS}
    assert SweepRecords(*table).load_position() == POSITION
    assert DynamoDbRemovalCounts(*table).load() == REMOVALS


def test_every_kind_of_row_has_an_example(written: dict[str, Item]) -> None:
    assert kinds(written.values()) == kinds(ITEMS.values())


def test_every_key_prefix_in_the_code_has_an_example() -> None:
    package = ROOT / "layers" / "shared" / "ai_integrations"
    code = "\n".join(path.read_text() for path in package.rglob("*.py"))
    documented = {part.partition("#")[0] for kind in kinds(ITEMS.values()) for part in kind}
    assert set(re.findall(r'f"([A-Z]+)#\{', code)) <= documented


@pytest.mark.parametrize(
    "values",
    [
        [vars(OPEN_AI), vars(ROTATED), vars(VERTEX), vars(FEDERATED)],
        [each._asdict() for each in OPEN_AI.scopings],
        [HEALTH._asdict()],
        [each._asdict() for each in HEALTH.rungs],
        [each._asdict() for each in CALLER.memberships],
        *([each._asdict()] for each in PLACES),
    ],
)
def test_examples_set_every_optional_field(values: list[dict[str, Any]]) -> None:
    unset = [name for name in values[0] if all(each[name] is None for each in values)]
    assert unset == []


def test_example_secret_equals_the_stored_secret() -> None:
    with mock_aws():
        client = boto3.client("secretsmanager")
        key_store = SecretsManagerKeyStore(
            client, prefix="ai-integrations", kms_key_id=SECRET["KmsKeyId"], new_version=lambda: SECOND_VERSION
        )
        stored = key_store.create_key(OPEN_AI, SecretStr(API_KEY))
        key_store.add_key_version(replace(OPEN_AI, secret=stored), SecretStr(API_KEY))
        described = client.describe_secret(SecretId=stored.arn)
    stages = described["VersionIdsToStages"]
    assert {name: described.get(name) for name in SECRET if name != "VersionIdsToStages"} == {
        name: value for name, value in SECRET.items() if name != "VersionIdsToStages"
    }
    assert stages == {stored.version: ["AWSCURRENT"], SECOND_VERSION: [label(SECOND_VERSION)]}
    assert SECRET["VersionIdsToStages"] == {FIRST_VERSION: ["AWSCURRENT"], SECOND_VERSION: stages[SECOND_VERSION]}


def kinds(items: Iterable[Item]) -> set[tuple[str, str]]:
    """Return the kinds of rows: partition and sort keys without the values in them."""
    return {(re.sub("#.*", "#", item["pk"]), re.sub("#.*", "#", item["sk"])) for item in items}


def test_consumer_item_without_a_grant_allows_no_integration() -> None:
    item = {name: value for name, value in consumer_item(ACCOUNT_WIDE).items() if name != "all_integrations"}
    assert consumer_from_item(item).grant == Grant(integrations=frozenset())
