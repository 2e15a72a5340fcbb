"""The sweep, from its event to AWS and back."""

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


def leave_secret(cloud: Cloud, name: str, stack: str = STACK) -> str:
    """Leave a secret that no integration names."""
    tags = {"stack": stack, "account": "acme", "integration": "01KDZ3ZQ80000000000000000B"}
    return cloud.secrets_manager.create_secret(
        Name=f"{stack}/acme/{name}",
        SecretString=API_KEY,
        Tags=[{"Key": f"ai-integrations:{key}", "Value": value} for key, value in tags.items()],
    )["ARN"]


def let_time_pass(cloud: Cloud) -> None:
    """Let Secrets Manager say of each secret that it was changed two hours earlier."""
    two_hours_ago = datetime.now(UTC) - timedelta(hours=2)
    cloud.respond(
        "secretsmanager:ListSecrets",
        {"SecretList": [{**each, "LastChangedDate": two_hours_ago} for each in cloud.secrets()]},
    )


def usable(cloud: Cloud) -> set[str]:
    cloud.recover()
    return {each["ARN"] for each in cloud.secrets()}


def test_retires_what_is_left_and_keeps_what_is_named_or_belongs_to_others(cloud: Cloud) -> None:
    assert cloud.api(gateway_event(create_body(api_key=API_KEY))).status == 201
    left, foreign = leave_secret(cloud, "left"), leave_secret(cloud, "foreign", "other-stack")
    let_time_pass(cloud)
    report = sweep(cloud)
    assert (report["secrets"], report["secrets_without_integration"]) == (2, [left])
    assert report["round_complete"]
    assert left not in usable(cloud)
    assert foreign in usable(cloud)
    assert len(usable(cloud)) == 2


def test_keeps_what_is_too_young_to_judge(cloud: Cloud) -> None:
    left = leave_secret(cloud, "left")
    assert sweep(cloud)["secrets_without_integration"] == []
    assert left in usable(cloud)


def test_only_looks_in_a_dry_run(cloud: Cloud) -> None:
    left = leave_secret(cloud, "left")
    let_time_pass(cloud)
    assert sweep(cloud, dry_run=True)["secrets_without_integration"] == [left]
    assert left in usable(cloud)


def test_reports_an_integration_whose_secret_is_gone(cloud: Cloud) -> None:
    ulid = cloud.api(gateway_event(create_body(api_key=API_KEY))).headers["etag"].strip('"').split(".")[0]
    [secret] = cloud.secrets()
    cloud.secrets_manager.delete_secret(SecretId=secret["ARN"], ForceDeleteWithoutRecovery=True)
    assert sweep(cloud)["integrations_without_secret"] == [f"acme/{ulid}"]


def test_goes_on_in_the_next_run_where_this_one_has_to_stop(cloud: Cloud) -> None:
    cloud.dynamodb.put_item(
        TableName=cloud.table, Item={"pk": {"S": "SWEEP"}, "sk": {"S": "POSITION"}, "part": {"S": "integrations"}}
    )
    leave_secret(cloud, "left")
    let_time_pass(cloud)
    assert sweep(cloud)["secrets"] == 0
    assert sweep(cloud)["secrets"] == 1


def test_begins_anew_when_a_page_can_not_be_had_any_more(cloud: Cloud) -> None:
    cloud.dynamodb.put_item(
        TableName=cloud.table,
        Item={"pk": {"S": "SWEEP"}, "sk": {"S": "POSITION"}, "part": {"S": "secrets"}, "token": {"S": "worn-out"}},
    )
    cloud.fail("secretsmanager:ListSecrets", ("InvalidNextTokenException", 400))
    with pytest.raises(LoggedError):
        sweep(cloud)
    assert cloud.calls.count("secretsmanager:ListSecrets") == 2


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "InvalidRequestException"])
def test_takes_a_secret_that_somebody_else_deletes_for_retired(cloud: Cloud, code: str) -> None:
    leave_secret(cloud, "left")
    let_time_pass(cloud)
    cloud.fail("secretsmanager:DeleteSecret", (code, 400))
    assert len(sweep(cloud)["secrets_without_integration"]) == 1


@pytest.mark.parametrize("operation", ["secretsmanager:DeleteSecret", "secretsmanager:ListSecrets", "events:PutEvents"])
def test_fails_aloud(cloud: Cloud, operation: str) -> None:
    leave_secret(cloud, "left")
    let_time_pass(cloud)
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
