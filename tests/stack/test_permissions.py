"""Every AWS call of the functions has a permission, and every permission has a call that uses it."""

import pytest

from tests.iam import recording
from tests.iam.report import UNUSED, Report, replay
from tests.iam.walk import Walk
from tests.stack.conftest import running_stack


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Use every feature of a separate stack: in a shared one, secrets deleted by other tests have no tags to check."""
    with running_stack(tmp_path_factory.mktemp("permissions")) as (stack, _):
        endpoint = stack.deployment.endpoint
        Walk(stack).run()
        report = replay(recording.calls(endpoint), recording.policies(endpoint), recording.account(endpoint))
    print(report.table())
    return report


def test_every_call_has_a_permission(report: Report) -> None:
    assert report.denied == set()


def test_every_permission_is_used(report: Report) -> None:
    assert report.unused() == UNUSED.keys()
