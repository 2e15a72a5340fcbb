"""No call of AWS without a permission, and no permission without a call."""

import pytest

from tests.iam import recording
from tests.iam.report import Report, replay
from tests.iam.walk import Walk
from tests.stack.conftest import serving

_OLD = "for secrets that are an hour old and more; tests/handlers/test_sweep.py and tests/faults make them look so"
# What no walk can show, and why it is granted all the same.
UNSHOWN = {
    ("publish_changes", "SendToDeadLetterQueue", "sqs:SendMessage"): (
        "Lambda itself sends, with the function's role, what the function could not publish"
    ),
    ("sweep", "CleanUpOrphanedSecrets", "secretsmanager:DeleteSecret"): _OLD,
    ("sweep", "CleanUpOrphanedSecrets", "secretsmanager:RestoreSecret"): _OLD,
    ("sweep", "CleanUpOrphanedSecrets", "secretsmanager:UpdateSecretVersionStage"): _OLD,
}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Walk through a stack of one's own: what tests of another have deleted has no tags to judge a call by."""
    with serving(tmp_path_factory.mktemp("grants")) as (stack, _):
        endpoint = stack.deployment.endpoint
        Walk(stack).go()
        made = replay(recording.calls(endpoint), recording.policies(endpoint), recording.account(endpoint))
    print(made.table())
    return made


def test_makes_no_call_without_a_permission(report: Report) -> None:
    assert report.denied == set()


def test_has_no_permission_without_a_call(report: Report) -> None:
    assert report.unused() == UNSHOWN.keys()
