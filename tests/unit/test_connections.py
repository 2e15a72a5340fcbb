"""What a rotation can ask before it lets a new key take effect."""

from datetime import timedelta
from typing import Any, cast

from pydantic import SecretStr

from ai_integrations.health import Rung, Standing
from ai_integrations.model import Integration, Policy
from ai_integrations.runtime.connections import ConnectionTests
from ai_integrations.runtime.testing import ConnectionTester
from tests.builders import API_KEY, NOON, an_integration

RUNGS = (Rung(name="reachable", status=Standing.PASSED, latency_ms=1),)


class OneRung:
    """A ladder that says which key it was climbed with."""

    climbed_with: str | None = None

    def climb(self, integration: Integration, key: SecretStr | None, model: str | None) -> tuple[Rung, ...]:  # noqa: ARG002 - the port's form
        self.climbed_with = key.get_secret_value() if key else None
        return RUNGS


class NoFingerprints:
    """A KMS that makes none."""

    def of_tested(self, account: str, key: SecretStr) -> str | None:  # noqa: ARG002 - the port's form
        return None


def test_tests_a_key_that_the_integration_does_not_have_yet_and_touches_nothing() -> None:
    ladder, nothing = OneRung(), cast("Any", None)
    tests = ConnectionTests(
        integrations=nothing,
        reader=nothing,
        tester=ConnectionTester(ladder=ladder, fingerprints=NoFingerprints(), clock=lambda: NOON),
        healths=nothing,
        policy=Policy(recovery_window=timedelta(0)),
    )
    assert tests.of_new_key(an_integration(), SecretStr(API_KEY)) == RUNGS
    assert ladder.climbed_with == API_KEY
