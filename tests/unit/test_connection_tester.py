"""`ConnectionTester`: whose keys get a fingerprint."""

from dataclasses import dataclass, field

import pytest
from pydantic import SecretStr

from ai_integrations.domain.connection_health import CheckStatus, Findings, Rung
from ai_integrations.domain.credentials import ReadKey
from ai_integrations.domain.model import Integration
from ai_integrations.key_access.connection_test.step_timer import AUTHENTICATED, MODEL_ANSWERS, REACHABLE
from ai_integrations.key_access.connection_test.tester import ConnectionTester
from tests.builders import API_KEY, NOON, a_caller, an_integration, the_settings

PASSED, FAILED, NOT_PROVED = CheckStatus.PASSED, CheckStatus.FAILED, CheckStatus.NOT_PROVED
TYPED_KEY = ReadKey(value=SecretStr(API_KEY), version="")


@dataclass
class FakeSteps:
    """Returns the given status of `authenticated`, between two steps that passed."""

    authenticated: CheckStatus

    def run(self, _integration: Integration, _key: SecretStr | None, _model: str | None) -> Findings:
        statuses = {REACHABLE: PASSED, AUTHENTICATED: self.authenticated, MODEL_ANSWERS: PASSED}
        rungs = tuple(Rung(name=name, status=status, latency_ms=1) for name, status in statuses.items())
        return Findings(rungs, models=("m-1", "m-2"))


@dataclass
class FakeFingerprints:
    computed: list[str] = field(default_factory=list)

    def compute(self, account: str, _key: SecretStr) -> str:
        self.computed.append(account)
        return "fake-fingerprint"

    try_compute = compute


def run_test(
    provider: str, authenticated: CheckStatus, *, saved: bool = False, base_url: str | None = None
) -> tuple[str | None, list[str]]:
    """Test an integration; return the fingerprint in the result, and the accounts for which one was computed."""
    fingerprints = FakeFingerprints()
    tester = ConnectionTester(steps=FakeSteps(authenticated), fingerprints=fingerprints, clock=lambda: NOON)
    metadata = {"location": "europe-west3"} if provider == "VERTEX_AI" else None
    draft = tester.draft(a_caller(), the_settings(provider=provider, base_url=base_url, provider_metadata=metadata))
    integration = an_integration(provider=provider) if saved else draft
    return tester.test(integration, TYPED_KEY, None).key_fingerprint, fingerprints.computed


@pytest.mark.parametrize(
    ("provider", "authenticated", "fingerprint"),
    [
        ("OPEN_AI", PASSED, "fake-fingerprint"),
        ("OPEN_AI", FAILED, None),
        ("OPEN_AI", NOT_PROVED, None),
        pytest.param("AWS_BEDROCK", PASSED, None, id="the role was authenticated, not the key"),
    ],
)
def test_typed_key_gets_a_fingerprint_only_if_the_provider_accepted_it(
    provider: str, authenticated: CheckStatus, fingerprint: str | None
) -> None:
    assert run_test(provider, authenticated) == (fingerprint, ["acme"] if fingerprint else [])


@pytest.mark.parametrize(
    ("provider", "base_url", "fingerprints"),
    [
        ("OPEN_AI", "https://api.openai.com/v1", 1),
        ("VERTEX_AI", None, 1),
        ("OPEN_AI", "https://gateway.example.com/v1", 0),
        ("CUSTOM", "https://gateway.example.com/v1", 0),
        ("AZURE_OPEN_AI", "https://team.openai.azure.com", 0),
        ("AWS_BEDROCK", "https://bedrock-runtime.eu-central-1.amazonaws.com", 0),
    ],
)
def test_typed_key_gets_a_fingerprint_only_at_the_address_that_all_customers_share(
    provider: str, base_url: str | None, fingerprints: int
) -> None:
    assert len(run_test(provider, PASSED, base_url=base_url)[1]) == fingerprints


def test_result_has_the_steps_and_the_models_of_the_provider() -> None:
    steps = FakeSteps(PASSED)
    tester = ConnectionTester(steps=steps, fingerprints=FakeFingerprints(), clock=lambda: NOON)
    health = tester.test(an_integration(), TYPED_KEY, None)
    assert (health.rungs, health.models) == steps.run(an_integration(), None, None)


def test_draft_is_no_stored_integration() -> None:
    tester = ConnectionTester(steps=FakeSteps(PASSED), fingerprints=FakeFingerprints(), clock=lambda: NOON)
    draft = tester.draft(a_caller(), the_settings())
    assert (draft.id, draft.version, draft.created_at) == ("unsaved", 0, NOON)


@pytest.mark.parametrize("authenticated", CheckStatus)
@pytest.mark.parametrize("provider", ["OPEN_AI", "AWS_BEDROCK"])
def test_stored_key_gets_a_fingerprint_whatever_the_result(provider: str, authenticated: CheckStatus) -> None:
    assert run_test(provider, authenticated, saved=True) == ("fake-fingerprint", ["acme"])
