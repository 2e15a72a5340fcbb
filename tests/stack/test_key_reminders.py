"""Reminders of old keys on a deployed stack: function, table and event bus."""

from datetime import timedelta
from uuid import uuid4

from tests.builders import API_KEY
from tests.stack.conftest import Stack
from tests.stack.platform_client import PlatformClient

AGE = timedelta(days=100)


def test_sweep_publishes_the_reminders_of_an_old_key_once(stack: Stack) -> None:
    platform = PlatformClient(stack, f"account-{uuid4().hex}")
    stack.create(stack.issue_key(account=platform.account), name="Old", provider="openAI", api_key=API_KEY)
    platform.set_age_of_keys(AGE)
    with platform.variables("SweepFunction", MAX_KEY_AGE_DAYS="90", UNUSED_KEY_DAYS="30"):
        for _ in range(2):
            report = stack.deployment.invoke("SweepFunctionName", {})
            assert report["round_complete"]
    events = platform.wait_for_events(2, within=10, detail_type="AI Integration Key")
    assert [each.detail_type.rpartition(" ")[2] for each in events] == ["Due", "Unused"]
    assert {each.detail["reminder"] for each in events} == {1}
