"""What `provisioning.Outcomes` promises."""

from datetime import timedelta

from ai_integrations.use_cases.ports import RecordedOutcome
from tests.builders import NOON
from tests.contract.worlds import AwsWorld, World

SETTLED = RecordedOutcome(fingerprint="f1", detail_type="AI Integration Create Succeeded", detail='{"id": "1"}')


def test_knows_nothing_of_a_request_that_has_not_been_decided(world: World) -> None:
    assert world.outcomes.find("acme", "request-1") is None


def test_returns_how_a_request_was_decided(world: World) -> None:
    world.outcomes.record("acme", "request-1", SETTLED, NOON)
    assert world.outcomes.find("acme", "request-1") == SETTLED


def test_keeps_the_requests_of_accounts_apart(world: World) -> None:
    world.outcomes.record("acme", "request-1", SETTLED, NOON)
    assert world.outcomes.find("other", "request-1") is None
    assert world.outcomes.find("acme", "request-2") is None


def test_remembers_twice_without_complaint(world: World) -> None:
    again = SETTLED._replace(detail='{"id": "2"}')
    world.outcomes.record("acme", "request-1", SETTLED, NOON)
    world.outcomes.record("acme", "request-1", again, NOON)
    assert world.outcomes.find("acme", "request-1") == again


def test_lies_where_operators_look_for_it_until_no_message_can_come_again(emulated: AwsWorld) -> None:
    """docs/operations.md, "Find the outcome of a request"."""
    emulated.outcomes.record("acme", "request-1", SETTLED, NOON)
    key = {"pk": {"S": "ACCOUNT#acme"}, "sk": {"S": "REQUEST#request-1"}}
    item = emulated.dynamodb.get_item(TableName=emulated.table, Key=key)["Item"]
    assert item["detail_type"]["S"] == SETTLED.detail_type
    assert item["detail"]["S"] == SETTLED.detail
    assert int(item["expires_at"]["N"]) == (NOON + timedelta(days=28)).timestamp()
