"""Impersonation: an event or a stack acts for an account only as an operator registered it."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from ai_integrations.contracts import ids
from tests.builders import SENDER_AWS_ACCOUNT, STACK_ID, ULID
from tests.cloud import Cloud
from tests.event_subscriber import ReceivedEvent, Subscriber
from tests.messaging import Requests, a_request_event
from tests.response_bucket import SIGNATURE, Bucket, bucket

__all__ = ["bucket"]

OTHER_AWS_ACCOUNT = "210987654321"
ACCOUNT_WIDE: list[dict[str, str]] = [{}]
TEAM = [{"organization_id": "o", "space_id": "team"}]
ORGANIZATION = [{"organization_id": "o"}]
OF_TEAM = [{"organization_id": "o", "space_id": "team", "admin": True}]
OF_OTHER_TEAM = [{"organization_id": "o", "space_id": "other", "admin": True}]
UNREGISTERED = (
    "This sender is not registered for the account. Ask an operator to register the source of the event, or the "
    "stack, with its AWS account."
)
FORBIDDEN = "Your role and memberships do not permit this operation."


class Attempt(NamedTuple):
    """A request for the account acme, how it differs from the registration, and the detail of its rejection."""

    rejection: str | None = None
    registered: dict[str, Any] | None = {}  # noqa: RUF012 changes nothing
    account: str = "acme"
    aws_account: str = SENDER_AWS_ACCOUNT
    name: str = "platform"
    scopings: list[dict[str, str]] = ACCOUNT_WIDE


ATTEMPTS = {
    "as registered": Attempt(),
    "never registered": Attempt(UNREGISTERED, registered=None),
    "another account": Attempt(UNREGISTERED, account="umbrella"),
    "another AWS account": Attempt(UNREGISTERED, aws_account=OTHER_AWS_ACCOUNT),
    "another name": Attempt(UNREGISTERED, name="billing"),
    "a longer name": Attempt(UNREGISTERED, name="platform-2"),
    "another case": Attempt(UNREGISTERED, name="Platform"),
    "registered for another account only": Attempt(UNREGISTERED, registered={"account": "umbrella"}),
    "registered in another AWS account only": Attempt(UNREGISTERED, registered={"aws_account": OTHER_AWS_ACCOUNT}),
    "as reader": Attempt(FORBIDDEN, registered={"role": "reader"}),
    "as reader of the space": Attempt(FORBIDDEN, registered={"role": "reader", "memberships": OF_TEAM}, scopings=TEAM),
    "as member without memberships": Attempt(FORBIDDEN, registered={"role": "member"}, scopings=TEAM),
    "as member of the space": Attempt(registered={"role": "member", "memberships": OF_TEAM}, scopings=TEAM),
    "as member, account-wide": Attempt(FORBIDDEN, registered={"role": "member", "memberships": OF_TEAM}),
    "as member of another space": Attempt(
        FORBIDDEN, registered={"role": "member", "memberships": OF_OTHER_TEAM}, scopings=TEAM
    ),
}
each_attempt = pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)


def send_command(cloud: Cloud, action: str, **changes: Any) -> dict[str, Any]:
    """Send a command of an operator about the sender `platform` of the account `acme`."""
    command = {"action": action, "account": "acme", "aws_account": SENDER_AWS_ACCOUNT, **changes}
    response: dict[str, Any] = cloud.function("access_keys")(command)
    return response


def register_source(cloud: Cloud, **changes: Any) -> dict[str, Any]:
    return send_command(cloud, "register_source", **{"source": "platform", "role": "admin", **changes})


def register_stacks(cloud: Cloud, **changes: Any) -> dict[str, Any]:
    return send_command(cloud, "register_stacks", **{"stack_names": "platform", "role": "admin", **changes})


def names(cloud: Cloud) -> list[str]:
    return [item["name"]["S"] for item in cloud.items("INTEGRATION#")]


@pytest.fixture
def queue(cloud: Cloud) -> Requests:
    """Create the provisioning queue. No sender is registered."""
    return Requests(cloud)


def send_event(
    queue: Requests, bus: Subscriber, attempt: Attempt, action: str = "Create", **detail: Any
) -> ReceivedEvent:
    """Deliver a request, and return its outcome."""
    request = {"request_id": "request-1", "account": attempt.account, "user": "alice", **detail}
    envelope = a_request_event(action, **request)
    queue.send({**envelope, "source": attempt.name, "account": attempt.aws_account})
    assert queue.deliver() == {"batchItemFailures": []}
    [outcome] = bus.receive()
    return outcome


def body(attempt: Attempt, name: str = "Production OpenAI") -> dict[str, Any]:
    return {"name": name, "provider": "openAI", "scopings": attempt.scopings}


@each_attempt
def test_event_acts_only_as_its_source_is_registered(
    cloud: Cloud, queue: Requests, bus: Subscriber, attempt: Attempt
) -> None:
    if attempt.registered is not None:
        register_source(cloud, **attempt.registered)
    outcome = send_event(queue, bus, attempt, integration=body(attempt))
    if attempt.rejection is None:
        assert outcome.detail_type == "AI Integration Create Succeeded"
        assert names(cloud) == ["Production OpenAI"]
    else:
        assert outcome.detail_type == "AI Integration Create Failed"
        problem = outcome.detail["problem"]
        assert (problem["status"], problem["detail"]) == (403, attempt.rejection)
        assert names(cloud) == []


@each_attempt
def test_stack_acts_only_as_it_is_registered(cloud: Cloud, bucket: Bucket, attempt: Attempt) -> None:
    if attempt.registered is not None:
        register_stacks(cloud, **attempt.registered)
    response = send_stack_request(cloud, bucket, "Create", attempt)
    if attempt.rejection is None:
        assert response["Status"] == "SUCCESS"
        assert names(cloud) == ["Production OpenAI"]
    else:
        assert (response["Status"], response["Reason"]) == ("FAILED", attempt.rejection)
        assert names(cloud) == []


def send_stack_request(
    cloud: Cloud, bucket: Bucket, request_type: str, attempt: Attempt, **more: Any
) -> dict[str, Any]:
    """Send a request of CloudFormation for a stack, and return the response to it."""
    cloud.keys.add(SIGNATURE)
    stack = STACK_ID.replace(SENDER_AWS_ACCOUNT, attempt.aws_account).replace("/app/", f"/{attempt.name}/")
    request = {
        "RequestType": request_type,
        "ResponseURL": bucket.url,
        "StackId": stack,
        "RequestId": f"request-{request_type}",
        "LogicalResourceId": "Llm",
        "ResourceProperties": {
            "ServiceToken": "arn:aws:lambda:…",
            "Account": attempt.account,
            "User": "alice",
            "Integration": body(attempt),
        },
    }
    cloud.function("custom_resource")({**request, **more})
    response: dict[str, Any] = bucket.responses()[-1]
    return response


@pytest.mark.parametrize("action", ["Create", "Update", "Delete"])
def test_outcome_for_an_unregistered_source_names_no_request_of_the_account(
    queue: Requests, bus: Subscriber, action: str
) -> None:
    """Otherwise, it could report a failure of a request that another sender made."""
    details: dict[str, dict[str, Any]] = {
        "Create": {"integration": body(Attempt())},
        "Update": {"id": ids.encode(ULID), "integration": {"name": "x"}},
        "Delete": {"id": ids.encode(ULID)},
    }
    outcome = send_event(queue, bus, Attempt(), action, **details[action])
    assert outcome.detail.keys() == {"event_id", "problem"}
    assert (outcome.detail["event_id"], outcome.detail["problem"]["instance"]) == ("event-1", "event-1")


def test_rejected_request_succeeds_once_its_source_is_registered(
    cloud: Cloud, queue: Requests, bus: Subscriber
) -> None:
    attempt = Attempt()
    assert send_event(queue, bus, attempt, integration=body(attempt)).detail_type == "AI Integration Create Failed"
    register_source(cloud)
    assert send_event(queue, bus, attempt, integration=body(attempt)).detail_type == "AI Integration Create Succeeded"


def test_removed_source_is_rejected_at_once_and_learns_no_earlier_outcome(
    cloud: Cloud, queue: Requests, bus: Subscriber
) -> None:
    attempt = Attempt()
    register_source(cloud)
    send_event(queue, bus, attempt, integration=body(attempt))
    send_command(cloud, "remove_source", source="platform")
    repeated = send_event(queue, bus, attempt, integration=body(attempt))
    assert (repeated.detail_type, repeated.detail["problem"]["status"]) == ("AI Integration Create Failed", 403)
    assert "id" not in repeated.detail


@pytest.mark.parametrize(
    "named",
    [{"source": "platform"}, {"aws_account": SENDER_AWS_ACCOUNT}, {"role": "admin"}, {"memberships": OF_TEAM}],
    ids=lambda named: next(iter(named)),
)
def test_detail_that_names_a_sender_or_rights_has_no_effect(
    cloud: Cloud, queue: Requests, bus: Subscriber, named: dict[str, Any]
) -> None:
    register_source(cloud)
    other = Attempt(name="billing", aws_account=OTHER_AWS_ACCOUNT)
    assert send_event(queue, bus, other, integration=body(other), **named).detail["problem"]["status"] == 403
    assert send_event(queue, bus, Attempt(), integration=body(other), **named).detail["problem"]["status"] == 400
    assert names(cloud) == []


def test_user_of_an_event_is_recorded_and_gives_no_rights(cloud: Cloud, queue: Requests, bus: Subscriber) -> None:
    cloud.function("access_keys")({"action": "issue", "account": "acme", "user": "alice", "role": "admin"})
    register_source(cloud, role="member", memberships=OF_TEAM)
    assert send_event(queue, bus, Attempt(), integration=body(Attempt())).detail["problem"]["status"] == 403
    team = Attempt(scopings=TEAM)
    assert send_event(queue, bus, team, request_id="request-2", integration=body(team)).detail["version"] == 1
    [item] = cloud.items("INTEGRATION#")
    assert item["created_by"] == {"S": "alice"}


def test_source_sees_only_integrations_of_its_memberships(cloud: Cloud, queue: Requests, bus: Subscriber) -> None:
    register_source(cloud, role="member", memberships=OF_TEAM)
    team = Attempt(scopings=TEAM)
    created = send_event(queue, bus, team, integration=body(team)).detail["id"]
    register_source(cloud, role="member", memberships=OF_OTHER_TEAM)
    for number, (action, detail) in enumerate(
        [("Update", {"integration": {"name": "Renamed"}}), ("Delete", {})], start=2
    ):
        outcome = send_event(queue, bus, team, action, request_id=f"request-{number}", id=created, **detail)
        assert outcome.detail["problem"]["status"] == 404
    assert names(cloud) == ["Production OpenAI"]


def test_source_of_a_space_gets_403_for_what_only_its_organization_may_change(
    cloud: Cloud, queue: Requests, bus: Subscriber
) -> None:
    register_source(cloud)
    send_event(queue, bus, Attempt(), request_id="request-2", integration=body(Attempt(scopings=TEAM), "Team"))
    created = send_event(queue, bus, Attempt(), integration=body(Attempt(scopings=ORGANIZATION))).detail["id"]
    for number, (space_id, status) in enumerate([("team", 403), ("unknown", 404)], start=3):
        register_source(cloud, role="member", memberships=[{"space_id": space_id, "admin": True}])
        outcome = send_event(queue, bus, Attempt(), "Delete", request_id=f"request-{number}", id=created)
        assert outcome.detail["problem"]["status"] == status
    assert sorted(names(cloud)) == ["Production OpenAI", "Team"]


STACK_REQUESTS = ["Update", "Delete"]


def created_by_stack(cloud: Cloud, bucket: Bucket, attempt: Attempt) -> dict[str, Any]:
    """Create an integration by a stack, and return what CloudFormation adds to its later requests."""
    created = send_stack_request(cloud, bucket, "Create", attempt)
    assert created["Status"] == "SUCCESS"
    return {"PhysicalResourceId": created["PhysicalResourceId"], "OldResourceProperties": {"Account": "acme"}}


@pytest.mark.parametrize("request_type", STACK_REQUESTS)
def test_request_of_a_stack_whose_registration_was_removed_fails_and_the_integration_stays(
    cloud: Cloud, bucket: Bucket, request_type: str
) -> None:
    register_stacks(cloud)
    identity = created_by_stack(cloud, bucket, Attempt())
    send_command(cloud, "remove_stacks", stack_names="platform")
    response = send_stack_request(cloud, bucket, request_type, Attempt(), **identity)
    assert (response["Status"], response["Reason"]) == ("FAILED", UNREGISTERED)
    assert response["PhysicalResourceId"] == identity["PhysicalResourceId"]
    assert names(cloud) == ["Production OpenAI"]
    register_stacks(cloud)
    assert send_stack_request(cloud, bucket, request_type, Attempt(), **identity)["Status"] == "SUCCESS"


def test_rollback_of_a_rejected_stack_succeeds_without_a_registration(cloud: Cloud, bucket: Bucket) -> None:
    """CloudFormation deletes a resource whose creation failed. The stack must be able to finish."""
    failed = send_stack_request(cloud, bucket, "Create", Attempt())
    assert failed["Status"] == "FAILED"
    identity = {"PhysicalResourceId": failed["PhysicalResourceId"]}
    assert send_stack_request(cloud, bucket, "Delete", Attempt(), **identity)["Status"] == "SUCCESS"


@pytest.mark.parametrize("request_type", STACK_REQUESTS)
@pytest.mark.parametrize(
    "stack", [Attempt(name="billing"), Attempt(aws_account=OTHER_AWS_ACCOUNT)], ids=["name", "AWS account"]
)
def test_stack_cannot_change_the_integration_of_another_stack_by_its_id(
    cloud: Cloud, bucket: Bucket, request_type: str, stack: Attempt
) -> None:
    register_stacks(cloud)
    register_stacks(cloud, account="umbrella", stack_names="billing")
    identity = created_by_stack(cloud, bucket, Attempt())
    assert send_stack_request(cloud, bucket, request_type, stack, **identity)["Reason"] == UNREGISTERED
    assert names(cloud) == ["Production OpenAI"]


def test_deletion_by_a_stack_that_lost_its_memberships_does_not_report_success(cloud: Cloud, bucket: Bucket) -> None:
    team = Attempt(scopings=TEAM)
    register_stacks(cloud, role="member", memberships=OF_TEAM)
    identity = created_by_stack(cloud, bucket, team)
    register_stacks(cloud, role="member", memberships=OF_OTHER_TEAM)
    response = send_stack_request(cloud, bucket, "Delete", team, **identity)
    assert (response["Status"], response["Reason"]) == ("FAILED", FORBIDDEN)
    assert names(cloud) == ["Production OpenAI"]


def test_stack_of_a_space_may_not_change_what_its_organization_sees(cloud: Cloud, bucket: Bucket) -> None:
    register_stacks(cloud)
    send_stack_request(cloud, bucket, "Create", Attempt(scopings=TEAM), RequestId="request-1")
    organization = Attempt(scopings=ORGANIZATION)
    identity = {"PhysicalResourceId": bucket.responses()[-1]["PhysicalResourceId"]}
    send_stack_request(cloud, bucket, "Update", organization, **identity, OldResourceProperties={"Account": "acme"})
    register_stacks(cloud, role="member", memberships=[{"space_id": "team", "admin": True}])
    for request_type in STACK_REQUESTS:
        more = {**identity, "OldResourceProperties": {"Account": "acme"}}
        response = send_stack_request(cloud, bucket, request_type, organization, **more)
        assert (response["Status"], response["Reason"]) == ("FAILED", FORBIDDEN)
    assert names(cloud) == ["Production OpenAI"]


def test_stack_acts_by_the_most_specific_pattern(cloud: Cloud, bucket: Bucket) -> None:
    register_stacks(cloud, stack_names="plat*")
    register_stacks(cloud, stack_names="platform", role="reader")
    assert send_stack_request(cloud, bucket, "Create", Attempt())["Reason"] == FORBIDDEN
    other = Attempt(name="platoon")
    assert send_stack_request(cloud, bucket, "Create", other)["Status"] == "SUCCESS"


@pytest.mark.parametrize(
    "stack_id",
    [
        "",
        "platform",
        f"arn:aws:cloudformation:eu-central-1:{SENDER_AWS_ACCOUNT}:stack/platform",
        f"arn:aws:cloudformation:eu-central-1:{SENDER_AWS_ACCOUNT}:stackset/platform/1",
        f"arn:aws:cloudformation:eu-central-1::stack/platform/{SENDER_AWS_ACCOUNT}",
        f"arn:aws:s3:eu-central-1:{SENDER_AWS_ACCOUNT}:stack/platform/1",
        f"x arn:aws:cloudformation:eu-central-1:{SENDER_AWS_ACCOUNT}:stack/platform/1",
    ],
)
def test_stack_without_a_valid_id_is_rejected(cloud: Cloud, bucket: Bucket, stack_id: str) -> None:
    register_stacks(cloud, stack_names="*")
    assert send_stack_request(cloud, bucket, "Create", Attempt(), StackId=stack_id)["Reason"] == UNREGISTERED


# ---------------------------------------------------------------------- commands of operators


def test_register_returns_the_sender_and_list_returns_all(cloud: Cloud) -> None:
    source = register_source(cloud, role="member", memberships=OF_TEAM)
    assert source == {
        "account": "acme",
        "aws_account": SENDER_AWS_ACCOUNT,
        "source": "platform",
        "role": "member",
        "memberships": OF_TEAM,
        "registered_at": source["registered_at"],
    }
    assert datetime.now(UTC) - datetime.fromisoformat(source["registered_at"]) < timedelta(hours=1)
    stacks = register_stacks(cloud, stack_names="team-*")
    assert stacks["stack_names"] == "team-*"
    register_source(cloud, account="umbrella")
    assert cloud.function("access_keys")({"action": "list_senders", "account": "acme"}) == {"senders": [source, stacks]}


def test_register_again_replaces_the_rights(cloud: Cloud) -> None:
    register_source(cloud)
    changed = register_source(cloud, role="reader")
    assert cloud.function("access_keys")({"action": "list_senders", "account": "acme"}) == {"senders": [changed]}


def test_remove_returns_the_sender_and_the_second_time_404(cloud: Cloud) -> None:
    registered = register_source(cloud)
    assert send_command(cloud, "remove_source", source="platform") == registered
    again = send_command(cloud, "remove_source", source="platform")
    assert (again["problem"]["status"], cloud.items()) == (404, [])


@pytest.mark.parametrize(
    ("action", "changes"),
    [
        ("remove_source", {"source": "Platform"}),
        ("remove_source", {"source": "platform", "account": "umbrella"}),
        ("remove_source", {"source": "platform", "aws_account": OTHER_AWS_ACCOUNT}),
        ("remove_stacks", {"stack_names": "plat*"}),
    ],
)
def test_remove_of_another_name_removes_nothing(cloud: Cloud, action: str, changes: dict[str, str]) -> None:
    """A pattern is a name here: it removes no other registration that it would match."""
    register_source(cloud)
    register_stacks(cloud)
    assert send_command(cloud, action, **changes)["problem"]["status"] == 404
    assert len(cloud.items()) == 2


def test_registration_and_removal_are_logged_with_the_sender_and_its_rights(cloud: Cloud) -> None:
    register_source(cloud)
    send_command(cloud, "remove_source", source="platform")
    lines = cloud.log()
    assert [line["message"] for line in lines] == ["sender registered", "sender removed"]
    expected = {"account": "acme", "aws_account": SENDER_AWS_ACCOUNT, "source": "platform", "role": "admin"}
    assert all(expected.items() <= line.items() for line in lines)
