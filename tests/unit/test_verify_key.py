"""Which results of a connection test verify a key, and how the others are reported."""

import pytest
from pydantic import SecretStr

from ai_integrations.domain.connection_health import CheckStatus, Findings, Rung
from ai_integrations.domain.model import Integration
from ai_integrations.key_access.connection_test.step_timer import AUTHENTICATED, MODEL_ANSWERS, REACHABLE
from ai_integrations.key_access.verify_key import KeyVerification
from tests.builders import API_KEY, an_integration

PASSED, FAILED, NOT_PROVED = CheckStatus.PASSED, CheckStatus.FAILED, CheckStatus.NOT_PROVED


class FakeSteps:
    """Returns steps with the given statuses, and records the tested key."""

    def __init__(self, *statuses: CheckStatus, message: str | None = None) -> None:
        names = (REACHABLE, AUTHENTICATED, MODEL_ANSWERS)
        self.rungs = tuple(
            Rung(name=name, status=status, latency_ms=1, not_proved=f"Reason of {name}.", provider_said=message)
            for name, status in zip(names, statuses, strict=True)
        )
        self.tested: list[tuple[str | None, str | None]] = []

    def run(self, _integration: Integration, key: SecretStr | None, model: str | None) -> Findings:
        self.tested.append((key.get_secret_value() if key else None, model))
        return Findings(self.rungs)


@pytest.mark.parametrize(
    ("statuses", "failed"),
    [
        ((PASSED, PASSED, PASSED), None),
        ((PASSED, PASSED, NOT_PROVED), None),
        ((NOT_PROVED, PASSED, NOT_PROVED), None),
        ((FAILED, PASSED, PASSED), REACHABLE),
        ((PASSED, FAILED, FAILED), AUTHENTICATED),
        ((PASSED, NOT_PROVED, PASSED), AUTHENTICATED),
        ((PASSED, PASSED, FAILED), MODEL_ANSWERS),
    ],
)
def test_key_is_verified_if_it_was_authenticated_and_no_step_failed(
    statuses: tuple[CheckStatus, ...], failed: str | None
) -> None:
    steps = FakeSteps(*statuses)
    reason = KeyVerification(steps).verify(an_integration(), SecretStr(API_KEY))
    expected = f"The key was not verified (step {failed!r}). Reason of {failed}." if failed else None
    assert reason == expected
    assert steps.tested == [(API_KEY, None)]


def test_reason_contains_what_the_provider_returned() -> None:
    steps = FakeSteps(PASSED, FAILED, FAILED, message="Invalid key")
    reason = KeyVerification(steps).verify(an_integration(), SecretStr(API_KEY))
    assert reason == (
        "The key was not verified (step 'authenticated'). Reason of authenticated. The provider returned: Invalid key"
    )
