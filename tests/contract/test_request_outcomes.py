"""`RequestOutcomes`."""

from datetime import timedelta

from ai_integrations.use_cases.provisioning import RecordedOutcome
from tests.builders import NOON
from tests.contract.stores import AwsStores, Stores

OUTCOME = RecordedOutcome(fingerprint="f1", detail_type="AI Integration Create Succeeded", detail='{"id": "1"}')


def test_find_returns_none_for_undecided_request(stores: Stores) -> None:
    assert stores.outcomes.find("acme", "request-1") is None


def test_find_returns_the_recorded_outcome(stores: Stores) -> None:
    stores.outcomes.record("acme", "request-1", OUTCOME, NOON)
    assert stores.outcomes.find("acme", "request-1") == OUTCOME


def test_find_distinguishes_accounts_and_requests(stores: Stores) -> None:
    stores.outcomes.record("acme", "request-1", OUTCOME, NOON)
    assert stores.outcomes.find("other", "request-1") is None
    assert stores.outcomes.find("acme", "request-2") is None


def test_record_replaces_an_earlier_outcome(stores: Stores) -> None:
    again = OUTCOME._replace(detail='{"id": "2"}')
    stores.outcomes.record("acme", "request-1", OUTCOME, NOON)
    stores.outcomes.record("acme", "request-1", again, NOON)
    assert stores.outcomes.find("acme", "request-1") == again


def test_recorded_item_is_readable_by_operators_and_expires_after_28_days(emulator_stores: AwsStores) -> None:
    """docs/operations.md, "Find the outcome of a request"."""
    emulator_stores.outcomes.record("acme", "request-1", OUTCOME, NOON)
    key = {"pk": {"S": "ACCOUNT#acme"}, "sk": {"S": "REQUEST#request-1"}}
    item = emulator_stores.dynamodb.get_item(TableName=emulator_stores.table, Key=key)["Item"]
    assert item["detail_type"]["S"] == OUTCOME.detail_type
    assert item["detail"]["S"] == OUTCOME.detail
    assert int(item["expires_at"]["N"]) == (NOON + timedelta(days=28)).timestamp()
