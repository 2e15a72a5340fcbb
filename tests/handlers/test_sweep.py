"""`functions/sweep`: which secrets it removes, what it reports, when it stops, and how it continues."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ai_integrations.contracts.published_events import SweepRan
from ai_integrations.observability import LoggedError, metrics
from tests import sam_template
from tests.builders import API_KEY, create_body, gateway_event
from tests.cloud import Cloud

STACK = sam_template.environment("sweep")["SECRET_PREFIX"]
LIMIT = int(sam_template.environment("sweep")["SWEEP_REMOVAL_LIMIT"])
ULID = "01KDZ3ZQ80000000000000000B"
# The limit of EventBridge for one event: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
# CloudWatch Logs has the same limit for one log event.
MOST_BYTES = 256 * 1024
LONGEST_NAME = 512  # of a secret


@pytest.fixture(autouse=True)
def _bus(cloud: Cloud) -> None:
    cloud.add_bus()


def sweep(cloud: Cloud, **event: Any) -> Any:
    return cloud.function("sweep")(event)


def store_orphaned_secret(cloud: Cloud, name: str, stack: str = STACK, **changed_tags: str) -> str:
    """Store a secret that no integration references."""
    tags = {"stack": stack, "account": "acme", "integration": ULID, **changed_tags}
    return cloud.secrets_manager.create_secret(
        Name=f"{stack}/acme/{ULID}/{name}",
        SecretString=API_KEY,
        Tags=[{"Key": f"ai-integrations:{key}", "Value": value} for key, value in tags.items()],
    )["ARN"]


def make_secrets_two_hours_old(cloud: Cloud) -> None:
    """Return an earlier time of the last change from ListSecrets: moto offers no way to set it."""
    list_secrets(cloud, cloud.secrets())


def list_secrets(cloud: Cloud, secrets: list[dict[str, Any]]) -> None:
    """Return these secrets from ListSecrets, as if they had last changed two hours ago."""
    two_hours_ago = datetime.now(UTC) - timedelta(hours=2)
    cloud.respond(
        "secretsmanager:ListSecrets", {"SecretList": [{**each, "LastChangedDate": two_hours_ago} for each in secrets]}
    )


def list_orphaned_secrets(cloud: Cloud, count: int) -> list[str]:
    """Return orphaned secrets with the longest names from ListSecrets, and their ARNs. Secrets Manager has none."""
    tags = {"stack": STACK, "account": "acme", "integration": ULID}
    names = [f"{STACK}/acme/{ULID}/{number:05}".ljust(LONGEST_NAME, "x") for number in range(count)]
    arns = [f"arn:aws:secretsmanager:eu-central-1:123456789012:secret:{name}-AbCdEf" for name in names]
    listed_tags = [{"Key": f"ai-integrations:{key}", "Value": value} for key, value in tags.items()]
    listed = [
        {"ARN": arn, "Name": name, "Tags": listed_tags, "SecretVersionsToStages": {}}
        for arn, name in zip(arns, names, strict=True)
    ]
    list_secrets(cloud, listed)
    return arns


def logged_findings(cloud: Cloud, kind: str) -> list[str]:
    lines = [each for each in cloud.log() if each["message"] == "sweep findings" and each["kind"] == kind]
    return [entry for line in lines for entry in line["found"]]


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


@pytest.mark.parametrize(
    "tags",
    [
        {"stack": f"{STACK}-2"},
        {"stack": STACK.removesuffix("-test")},
        {"account": "umbrella"},
        {"integration": "01KDZ3ZQ80000000000000000C"},
    ],
)
def test_sweep_keeps_secrets_whose_tags_and_names_disagree(cloud: Cloud, tags: dict[str, str]) -> None:
    kept = store_orphaned_secret(cloud, "changed-tags", **tags)
    make_secrets_two_hours_old(cloud)
    assert sweep(cloud)["secrets"] == 0
    assert kept in usable_secrets(cloud)


@pytest.mark.parametrize("lost", ["stack", "account", "integration"])
def test_sweep_keeps_secrets_that_lost_a_tag(cloud: Cloud, lost: str) -> None:
    kept = store_orphaned_secret(cloud, "lost-tag")
    cloud.secrets_manager.untag_resource(SecretId=kept, TagKeys=[f"ai-integrations:{lost}"])
    make_secrets_two_hours_old(cloud)
    assert sweep(cloud)["secrets"] == 0
    assert kept in usable_secrets(cloud)


def test_sweep_keeps_a_secret_whose_integration_tag_was_changed(cloud: Cloud) -> None:
    """Its new tag names an integration that does not exist."""
    assert cloud.api(gateway_event(create_body(api_key=API_KEY))).status == 201
    [secret] = cloud.secrets()
    cloud.secrets_manager.tag_resource(
        SecretId=secret["ARN"], Tags=[{"Key": "ai-integrations:integration", "Value": ULID}]
    )
    make_secrets_two_hours_old(cloud)
    sweep(cloud)
    assert secret["ARN"] in usable_secrets(cloud)


def test_sweep_keeps_orphaned_secrets_during_the_grace_period(cloud: Cloud) -> None:
    orphaned = store_orphaned_secret(cloud, "orphaned")
    assert sweep(cloud)["secrets_without_integration"] == []
    assert orphaned in usable_secrets(cloud)


def test_dry_run_reports_orphaned_secrets_and_only_reads(cloud: Cloud, emitted: Callable[[], Any]) -> None:
    orphaned = store_orphaned_secret(cloud, "orphaned")
    make_secrets_two_hours_old(cloud)
    report = sweep(cloud, dry_run=True)
    assert (report["secrets_without_integration"], report["removals_left"]) == ([orphaned], 1)
    assert logged_findings(cloud, "secrets_without_integration") == [orphaned]
    assert orphaned in usable_secrets(cloud)
    assert set(cloud.calls) == {"dynamodb:GetItem", "dynamodb:Scan", "secretsmanager:ListSecrets"}
    assert emitted() == []


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


@pytest.mark.parametrize("is_recoverable", [True, False])
def test_sweep_succeeds_if_the_secret_is_deleted_concurrently(cloud: Cloud, *, is_recoverable: bool) -> None:
    orphaned = store_orphaned_secret(cloud, "orphaned")
    make_secrets_two_hours_old(cloud)
    cloud.secrets_manager.delete_secret(SecretId=orphaned, ForceDeleteWithoutRecovery=not is_recoverable)
    cloud.fail("secretsmanager:DeleteSecret", ("InvalidRequestException", 400))
    assert sweep(cloud)["secrets_without_integration"] == [orphaned]


@pytest.mark.parametrize(
    "code", ["InvalidRequestException", "InvalidParameterException", "AccessDeniedException", "ThrottlingException"]
)
def test_sweep_whose_removal_is_rejected_continues_reports_it_and_fails(cloud: Cloud, code: str) -> None:
    orphaned = store_orphaned_secret(cloud, "orphaned")
    make_secrets_two_hours_old(cloud)
    store_position(cloud, part="secrets")
    cloud.fail("secretsmanager:DeleteSecret", (code, 400))
    with pytest.raises(LoggedError):  # for SweepErrorsAlarm
        sweep(cloud)
    assert logged_findings(cloud, "failed_removals") == [orphaned]
    assert [each["aws_error_code"] for each in cloud.log() if each["message"] == "removal failed"] == [code]
    assert "events:PutEvents" in cloud.calls
    assert cloud.items("POSITION") == []  # the round is complete
    [count] = cloud.items("REMOVALS")
    assert count["made"] == {"N": "0"}


def integrations_with_keys(cloud: Cloud, count: int) -> list[str]:
    """Create integrations with a key; return them as the sweep reports them."""
    for number in range(count):
        cloud.api(gateway_event(create_body(name=f"Integration {number}", api_key=API_KEY)))
    return [f"acme/{each['Name'].split('/')[2]}" for each in cloud.secrets()]


def test_sweep_that_may_check_no_secret_continues_reports_all_and_fails(cloud: Cloud) -> None:
    integrations = integrations_with_keys(cloud, 2)
    store_position(cloud, part="integrations")
    cloud.fail("secretsmanager:DescribeSecret", ("AccessDeniedException", 400))
    with pytest.raises(LoggedError):  # for SweepErrorsAlarm
        sweep(cloud)
    assert sorted(logged_findings(cloud, "failed_checks")) == sorted(integrations)
    denied = [each for each in cloud.log() if each["message"] == "access to secret denied"]
    assert {each["secret_arn"] for each in denied} == {each["ARN"] for each in cloud.secrets()}
    assert {each["aws_error_code"] for each in denied} == {"AccessDeniedException"}
    assert "events:PutEvents" in cloud.calls
    assert cloud.items("POSITION") == []  # the round is complete


def test_dry_run_that_may_check_no_secret_returns_its_report(cloud: Cloud) -> None:
    integrations = integrations_with_keys(cloud, 1)
    cloud.fail("secretsmanager:DescribeSecret", ("AccessDeniedException", 400))
    assert sweep(cloud, dry_run=True)["failed_checks"] == integrations


def test_sweep_when_secrets_manager_fails_for_all_secrets_ends_at_the_first_one(cloud: Cloud) -> None:
    integrations_with_keys(cloud, 2)
    store_position(cloud, part="integrations")
    cloud.fail("secretsmanager:DescribeSecret", ("InternalServiceError", 500))
    with pytest.raises(LoggedError):
        sweep(cloud)
    assert logged_findings(cloud, "failed_checks") == []
    [position] = cloud.items("POSITION")
    assert position["part"] == {"S": "integrations"}


def test_sweep_whose_removals_always_conflict_fails(cloud: Cloud) -> None:
    """A problem document would be a success for Lambda, and no alarm would fire."""
    list_orphaned_secrets(cloud, 1)
    cloud.fail("dynamodb:PutItem", ("ConditionalCheckFailedException", 400))
    with pytest.raises(LoggedError):
        sweep(cloud)


def test_confirmation_that_always_conflicts_returns_a_problem(cloud: Cloud) -> None:
    cloud.fail("dynamodb:PutItem", ("ConditionalCheckFailedException", 400))
    assert "problem" in sweep(cloud, confirm=5)


@pytest.mark.no_cover
def test_three_thousand_orphaned_secrets_are_all_logged_and_twenty_are_removed(
    cloud: Cloud, emitted: Callable[[], Any]
) -> None:
    orphaned = list_orphaned_secrets(cloud, 3000)
    cloud.respond("secretsmanager:DeleteSecret", {})
    report = sweep(cloud)
    assert (report["removals"], report["removals_left"], report["stopped"]) == (LIMIT, 3000 - LIMIT, True)
    assert cloud.calls.count("secretsmanager:DeleteSecret") == LIMIT == 20
    assert report["secrets_without_integration_count"] == 3000
    assert report["secrets_without_integration"] == orphaned[:50]
    assert logged_findings(cloud, "secrets_without_integration") == orphaned
    [metric] = emitted()
    assert (metric["SecretsWithoutIntegration"], metric["SweepStopped"]) == ([3000], [1])
    removed = [each["secret_arn"] for each in cloud.log() if each["message"] == "deletion of orphaned secret scheduled"]
    assert removed == orphaned[:LIMIT]


def test_report_with_many_findings_of_every_kind_stays_below_the_limits_of_aws(cloud: Cloud) -> None:
    arn = f"arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:{'x' * LONGEST_NAME}-AbCdEf"
    version, integration = f"{arn} {'0' * 36}", f"{'a' * 128}/{ULID}"
    facts = {"event_id": "0" * 36, "dry_run": False, "round_complete": False, "stopped": True, "removals": 20}
    longest = {
        "secrets_without_integration": arn,
        "versions_without_integration": version,
        "integrations_without_secret": integration,
        "failed_removals": version,
        "failed_checks": integration,
    }
    counts = dict.fromkeys(("secrets", "integrations", "removals_left", "keys_due", "keys_unused"), 500_000)
    counts |= {f"{kind}_count": 500_000 for kind in longest}
    event = SweepRan.model_validate(facts | counts | {kind: [entry] * 50 for kind, entry in longest.items()})
    assert len(event.model_dump_json().encode()) < MOST_BYTES / 2
    list_orphaned_secrets(cloud, 250)
    sweep(cloud, dry_run=True)
    assert max(len(line.encode()) for line in cloud.written.getvalue().splitlines()) < MOST_BYTES / 2


def test_stopped_sweep_removes_nothing_until_an_operator_confirms(cloud: Cloud) -> None:
    list_orphaned_secrets(cloud, LIMIT + 7)
    cloud.respond("secretsmanager:DeleteSecret", {})
    assert sweep(cloud)["removals"] == LIMIT
    assert (sweep(cloud)["removals"], sweep(cloud)["stopped"]) == (0, True)
    assert sweep(cloud, dry_run=True)["removals_left"] == LIMIT + 7
    confirmed = sweep(cloud, confirm=5)
    assert confirmed["confirmed"] == 5
    assert datetime.fromisoformat(confirmed["until"]) > datetime.now(UTC) + timedelta(hours=23)
    assert (sweep(cloud)["removals"], sweep(cloud)["stopped"]) == (5, True)
    assert cloud.calls.count("secretsmanager:DeleteSecret") == LIMIT + 5


@pytest.mark.parametrize("removals", [0, 1])
def test_confirmation_removes_nothing_and_is_logged(cloud: Cloud, removals: int) -> None:
    list_orphaned_secrets(cloud, 1)
    confirmed = sweep(cloud, confirm=removals)
    assert set(cloud.calls) == {"dynamodb:GetItem", "dynamodb:PutItem"}
    assert cloud.log()[-1].items() >= {"message": "removals confirmed", **confirmed}.items()


@pytest.mark.parametrize(
    ("event", "pointer"),
    [
        ({"confirm": "20"}, "/confirm"),
        ({"confirm": -1}, "/confirm"),
        ({"confirm": True}, "/confirm"),
        ({"confirm": 500_001}, "/confirm"),
        ({"confirm": 20, "dry_run": True}, ""),
    ],
)
def test_invalid_confirmation_is_rejected(cloud: Cloud, event: dict[str, Any], pointer: str) -> None:
    errors = sweep(cloud, **event)["problem"]["errors"]
    assert [each["pointer"] for each in errors] == [pointer]
    assert cloud.calls == []


def test_sweep_that_fails_halfway_logs_its_findings_and_emits_its_metrics(
    cloud: Cloud, emitted: Callable[[], Any]
) -> None:
    orphaned = list_orphaned_secrets(cloud, 3)
    cloud.fail("secretsmanager:DeleteSecret", ConnectionError())
    with pytest.raises(LoggedError):
        sweep(cloud)
    assert logged_findings(cloud, "secrets_without_integration") == orphaned[:1]
    assert emitted()[0]["SecretsWithoutIntegration"] == [1]
    assert cloud.items("POSITION") == []


def test_sweep_whose_event_cannot_be_published_has_logged_its_findings_and_emitted_its_metrics(
    cloud: Cloud, emitted: Callable[[], Any]
) -> None:
    orphaned = list_orphaned_secrets(cloud, 3)
    cloud.respond("secretsmanager:DeleteSecret", {})
    cloud.fail("events:PutEvents", ("ValidationException", 400))
    with pytest.raises(LoggedError):
        sweep(cloud)
    assert logged_findings(cloud, "secrets_without_integration") == orphaned
    assert emitted()[0]["SecretsWithoutIntegration"] == [3]


def test_sweep_whose_event_cannot_be_published_does_not_repeat_its_work(cloud: Cloud) -> None:
    store_position(cloud, part="integrations")
    cloud.fail("events:PutEvents", ("ValidationException", 400))
    with pytest.raises(LoggedError):
        sweep(cloud)
    assert cloud.items("POSITION") == []  # the round is complete


def test_sweep_decides_by_consistent_reads_of_single_integrations(cloud: Cloud) -> None:
    """A stale read or a lost page of the scan would make a referenced secret look orphaned."""
    assert cloud.api(gateway_event(create_body(api_key=API_KEY))).status == 201
    [secret] = cloud.secrets()
    make_secrets_two_hours_old(cloud)
    cloud.respond("dynamodb:Scan", {"Items": []})
    cloud.outputs.clear()
    assert sweep(cloud)["removals_left"] == 0
    assert secret["ARN"] in usable_secrets(cloud)
    reads = [each for each in cloud.outputs if "INTEGRATION#" in each and "FilterExpression" not in each]
    assert ['"ConsistentRead": true' in each for each in reads] == [True]


def test_sweep_whose_scan_fails_halfway_starts_at_the_same_position_again(cloud: Cloud) -> None:
    store_position(cloud, part="integrations")
    cloud.fail("dynamodb:Scan", ("InternalServerError", 500))
    with pytest.raises(LoggedError):
        sweep(cloud)
    [position] = cloud.items("POSITION")
    assert position["part"] == {"S": "integrations"}


@pytest.mark.parametrize("operation", ["dynamodb:GetItem", "dynamodb:PutItem"])
def test_sweep_that_cannot_read_or_count_removes_nothing(cloud: Cloud, operation: str) -> None:
    list_orphaned_secrets(cloud, 3)
    cloud.fail(operation, ("ThrottlingException", 400))
    with pytest.raises(LoggedError):
        sweep(cloud)
    assert "secretsmanager:DeleteSecret" not in cloud.calls


@pytest.mark.parametrize(
    "operation",
    [
        "secretsmanager:ListSecrets",
        "events:PutEvents",
    ],
)
def test_sweep_when_aws_fails_raises_an_error_and_logs_the_error_code(cloud: Cloud, operation: str) -> None:
    store_orphaned_secret(cloud, "orphaned")
    make_secrets_two_hours_old(cloud)
    cloud.fail(operation, ("AccessDeniedException", 400))
    with pytest.raises(LoggedError):
        sweep(cloud)
    assert cloud.log()[-1]["aws_error_code"] == "AccessDeniedException"


def test_sweep_emits_exactly_the_metrics_that_alarms_watch(
    cloud: Cloud, emitted: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics.provider, "service", sam_template.STACK)  # read from the environment at import
    alarms = [each["Properties"] for each in sam_template.resources("AWS::CloudWatch::Alarm").values()]
    sweep(cloud)
    watched = {each["MetricName"] for each in alarms if each["Namespace"] == metrics.namespace}
    [line] = emitted()
    [directive] = line["_aws"]["CloudWatchMetrics"]
    assert {each["Name"] for each in directive["Metrics"]} == watched
    # With another dimension it would be another metric, which no alarm watches.
    assert (directive["Dimensions"], line["service"]) == ([["service"]], sam_template.STACK)
