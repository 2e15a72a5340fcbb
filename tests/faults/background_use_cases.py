"""The use cases that the stream, the schedule, the queue and CloudFormation trigger."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

from ai_integrations.adapters.secrets_manager.key_store import ACCOUNT_TAG, INTEGRATION_TAG, STACK_TAG, label
from tests import sam_template
from tests.builders import API_KEY, NOON
from tests.faults.account import NEW_KEY, OLD_KEY, Account, Request
from tests.faults.use_case import NAME, UseCase
from tests.handlers import scenarios


def _publish(*requests: Callable[[Account], Request], **body: object) -> Callable[[Account], Request]:
    """Create an integration, send the requests, and prepare the delivery of their stream records."""

    def prepare(account: Account) -> Request:
        account.create_integration(**body)
        for request in requests:
            assert request(account)() < 300
        return account.publish_request()

    return prepare


def _publish_creation(account: Account) -> Request:
    assert account.create_request(api_key=OLD_KEY)() == 201
    return account.publish_request()


def _publish_restore_after_a_late_change_of_key(account: Account) -> Request:
    """Change the key and delete the integration before the stream is processed, then restore it."""
    account.create_integration(api_key=OLD_KEY)
    assert account.patch_request(api_key=NEW_KEY)() == 200
    assert account.delete_request()() == 204
    account.stack.process_stream()
    assert account.restore_request()() == 200
    return account.publish_request()


def _create_orphans(account: Account) -> None:
    """Create an orphaned version and an orphaned secret, as requests do that are killed before they commit."""
    secrets = account.stack.cloud.secrets_manager
    [item] = account.stack.cloud.items("INTEGRATION#")
    version = str(uuid4())
    secrets.put_secret_value(
        SecretId=item["secret_arn"]["S"],
        ClientRequestToken=version,
        SecretString=NEW_KEY,
        VersionStages=[label(version)],
    )
    tags = {STACK_TAG: sam_template.STACK, ACCOUNT_TAG: account.name, INTEGRATION_TAG: item["id"]["S"]}
    pairs: Any = [{"Key": tag, "Value": value} for tag, value in tags.items()]
    secrets.create_secret(
        Name=f"{sam_template.STACK}/{account.name}/{item['id']['S']}/orphan", SecretString=NEW_KEY, Tags=pairs
    )


def _end_grace_period(account: Account) -> None:
    """End the grace period of the previous key, and delete the TTL item as DynamoDB does."""
    cloud = account.stack.cloud
    [item], [ttl_item] = cloud.items("INTEGRATION#"), cloud.items("GRACE#")
    item["former_key"]["M"]["usable_until"] = {"S": NOON.isoformat()}
    cloud.dynamodb.put_item(TableName=cloud.table, Item=item)
    account.stack.process_stream()
    cloud.dynamodb.delete_item(TableName=cloud.table, Key={"pk": ttl_item["pk"], "sk": ttl_item["sk"]})


def _publish_end_of_grace_period(account: Account) -> Request:
    account.create_integration(api_key=OLD_KEY)
    assert account.rotate_request()() == 200
    account.stack.process_stream()
    _end_grace_period(account)
    return account.publish_request()


def _sweep(account: Account) -> Request:
    account.create_integration(api_key=OLD_KEY)
    _create_orphans(account)
    return account.sweep_request()


def _deliver_scenario(name: str, account: Account) -> Request:
    """Prepare the delivery of a scenario's event to its function."""
    function, prepare = scenarios.SCENARIOS[name]
    stack = account.stack
    run = scenarios.ScenarioRun(
        stack.cloud, account.name, stack.response_url, lambda name, event: stack.function(name)(event)
    )
    return account.delivery(function, prepare(run))


STREAM_AND_SCHEDULE_USE_CASES: dict[str, UseCase] = {
    "publish creation": UseCase(_publish_creation, {NAME: OLD_KEY}),
    "publish change of key": UseCase(
        _publish(lambda account: account.patch_request(api_key=NEW_KEY), api_key=OLD_KEY), {NAME: NEW_KEY}
    ),
    "publish removal of key": UseCase(
        _publish(lambda account: account.patch_request(api_key=None), api_key=OLD_KEY), {NAME: None}
    ),
    "publish deletion": UseCase(_publish(Account.delete_request, api_key=OLD_KEY)),
    "publish deletion and restore": UseCase(
        _publish(Account.delete_request, Account.restore_request, api_key=OLD_KEY), {NAME: OLD_KEY}
    ),
    "publish restore after a late change of key": UseCase(_publish_restore_after_a_late_change_of_key, {NAME: NEW_KEY}),
    "publish rotation": UseCase(_publish(lambda account: account.rotate_request(), api_key=OLD_KEY), {NAME: NEW_KEY}),
    "publish end of grace period": UseCase(_publish_end_of_grace_period, {NAME: NEW_KEY}),
    "sweep": UseCase(_sweep, {NAME: OLD_KEY}),
}
_SCENARIO_RESULTS: dict[str, dict[str, str | None]] = {
    "create": {"first": None},
    "create_with_secret_reference": {"first": API_KEY},
    "create_with_taken_name": {"first": None},
    "update": {"second": None},
    "update_to_secret_reference": {"first": API_KEY},
    "delete": {},
    "stack_create": {"first": API_KEY},
    "stack_update": {"second": None},
    "stack_account_change": {"first": None},
    "stack_delete": {},
}
SCENARIO_USE_CASES = {
    f"{scenarios.SCENARIOS[name][0]}: {name}": UseCase(
        partial(_deliver_scenario, name), expected, reported_denial="secretsmanager:DescribeSecret"
    )
    for name, expected in _SCENARIO_RESULTS.items()
}
