"""`functions/sweep`: which secrets it removes, what it reports, and how it continues."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ai_integrations.observability import LoggedError, metrics
from tests import sam_template
from tests.builders import API_KEY, create_body, gateway_event
from tests.cloud import Cloud

STACK = sam_template.environment("sweep")["SECRET_PREFIX"]


@pytest.fixture(autouse=True)
def _bus(cloud: Cloud) -> None:
    cloud.add_bus()


def sweep(cloud: Cloud, **event: Any) -> Any:
    return cloud.function("sweep")(event)


def store_orphaned_secret(cloud: Cloud, name: str, stack: str = STACK) -> str:
    """Store a secret that no integration references."""
    tags = {"stack": stack, "account": "acme", "integration": "01KDZ3ZQ80000000000000000B"}
    return cloud.secrets_manager.create_secret(
        Name=f"{stack}/acme/{name}",
        SecretString=API_KEY,
        Tags=[{"Key": f"ai-integrations:{key}", "Value": value} for key, value in tags.items()],
    )["ARN"]


def make_secrets_two_hours_old(cloud: Cloud) -> None:
    """Return an earlier time of the last change from ListSecrets: moto offers no way to set it."""
    two_hours_ago = datetime.now(UTC) - timedelta(hours=2)
    cloud.respond(
        "secretsmanager:ListSecrets",
        {"SecretList": [{**each, "LastChangedDate": two_hours_ago} for each in cloud.secrets()]},
    )


def store_position(cloud: Cloud, **position: str) -> None:
    item = {name: {"S": value} for name, value in {"pk": "SWEEP", "sk": "POSITION", **position}.items()}
    cloud.dynamodb.put_item(TableName=cloud.table, Item=item)


def usable_secrets(cloud: Cloud) -> set[str]:
    """Return the secrets that are not scheduled for deletion, with their real age again."""
    cloud.recover()
    return {each["ARN"] for each in cloud.secrets()}


def test_sweep_removes_orphaned_secrets_and_keeps_referenced_and_foreign_ones(cloud: Cloud) -> None:
    assert cloud.api(gateway_event(create_body(api_key=API_KEY))).status == 201
    orphaned = store_orphaned_secret(cloud, "orphaned")
    foreign = store_orphaned_secret(cloud, "foreign", "other-stack")
    make_secrets_two_hours_old(cloud)
    report = sweep(cloud)
    assert (report["secrets"], report["secrets_without_integration"]) == (2, [orphaned])
    assert report["round_complete"]
    assert orphaned not in usable_secrets(cloud)
    assert foreign in usable_secrets(cloud)
    assert len(usable_secrets(cloud)) == 2


def test_sweep_keeps_orphaned_secrets_during_the_grace_period(cloud: Cloud) -> None:
    orphaned = store_orphaned_secret(cloud, "orphaned")
    assert sweep(cloud)["secrets_without_integration"] == []
    assert orphaned in usable_secrets(cloud)


def test_dry_run_reports_orphaned_secrets_and_removes_nothing(cloud: Cloud) -> None:
    orphaned = store_orphaned_secret(cloud, "orphaned")
    make_secrets_two_hours_old(cloud)
    assert sweep(cloud, dry_run=True)["secrets_without_integration"] == [orphaned]
    assert orphaned in usable_secrets(cloud)


def test_sweep_reports_integrations_whose_secret_is_gone(cloud: Cloud) -> None:
    ulid = cloud.api(gateway_event(create_body(api_key=API_KEY))).headers["etag"].strip('"').split(".")[0]
    [secret] = cloud.secrets()
    cloud.secrets_manager.delete_secret(SecretId=secret["ARN"], ForceDeleteWithoutRecovery=True)
    assert sweep(cloud)["integrations_without_secret"] == [f"acme/{ulid}"]


def test_sweep_continues_at_the_stored_position_and_then_starts_a_new_round(cloud: Cloud) -> None:
    store_position(cloud, part="integrations")
    store_orphaned_secret(cloud, "orphaned")
    make_secrets_two_hours_old(cloud)
    assert sweep(cloud)["secrets"] == 0
    assert sweep(cloud)["secrets"] == 1


def test_sweep_with_an_expired_pagination_token_starts_at_the_first_page(cloud: Cloud) -> None:
    store_position(cloud, part="secrets", token="expired")
    cloud.fail("secretsmanager:ListSecrets", ("InvalidNextTokenException", 400))
    with pytest.raises(LoggedError):  # the call without a token fails as well
        sweep(cloud)
    assert cloud.calls.count("secretsmanager:ListSecrets") == 2


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "InvalidRequestException"])
def test_sweep_succeeds_if_the_secret_is_deleted_concurrently(cloud: Cloud, code: str) -> None:
    store_orphaned_secret(cloud, "orphaned")
    make_secrets_two_hours_old(cloud)
    cloud.fail("secretsmanager:DeleteSecret", (code, 400))
    assert len(sweep(cloud)["secrets_without_integration"]) == 1


@pytest.mark.parametrize(
    "operation",
    [
        "secretsmanager:DeleteSecret",
        "secretsmanager:DescribeSecret",
        "secretsmanager:ListSecrets",
        "events:PutEvents",
    ],
)
def test_sweep_when_aws_fails_raises_an_error_and_logs_the_error_code(cloud: Cloud, operation: str) -> None:
    cloud.api(gateway_event(create_body(api_key=API_KEY)))
    store_orphaned_secret(cloud, "orphaned")
    make_secrets_two_hours_old(cloud)
    cloud.fail(operation, ("AccessDeniedException", 400))
    with pytest.raises(LoggedError):
        sweep(cloud)
    assert cloud.log()[-1]["aws_error_code"] == "AccessDeniedException"


def test_sweep_emits_exactly_the_metrics_that_alarms_watch(cloud: Cloud) -> None:
    alarms = [each["Properties"] for each in sam_template.resources("AWS::CloudWatch::Alarm").values()]
    metrics.clear_metrics()
    sweep(cloud)
    watched = {each["MetricName"] for each in alarms if each["Namespace"] == metrics.namespace}
    assert metrics.metric_set.keys() == watched
