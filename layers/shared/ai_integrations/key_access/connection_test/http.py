"""Connection test of a provider that is called over HTTP, with a key or with an access token."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import SecretStr

from ai_integrations.domain.connection_health import CheckStatus, Findings, Rung
from ai_integrations.domain.endpoints import accepted_forms
from ai_integrations.domain.model import Integration
from ai_integrations.domain.providers import GCP, PROVIDERS
from ai_integrations.key_access.connection_test.credential_steps import CredentialSteps
from ai_integrations.key_access.connection_test.outcomes import FAILURES, describe_failure
from ai_integrations.key_access.connection_test.project_label import find_project_label
from ai_integrations.key_access.connection_test.provider_requests import build_access, collect_secrets, with_token
from ai_integrations.key_access.connection_test.step_timer import (
    AUTHENTICATED,
    MODEL_ANSWERS,
    PROJECT_LABELED,
    REACHABLE,
    StepTimer,
)
from ai_integrations.key_access.connection_test.token_step import TokenStep
from ai_integrations.key_access.outbound.deadline import Deadline

if TYPE_CHECKING:
    from ai_integrations.key_access.ports import Outbound
    from ai_integrations.use_cases.ports import TokenExchanger

# Seconds. The function's timeout is 25, and it also reads a key, the table and perhaps a fingerprint.
_TOTAL, _CONNECT = 15.0, 5.0
_NO_TOKEN = "There is no access token to test."  # noqa: S105 - not a token


class HttpSteps:
    """Tests integrations over HTTP, each within a time limit."""

    def __init__(self, outbound: "Outbound", exchanger: "TokenExchanger", seconds: float = _TOTAL) -> None:
        self._outbound = outbound
        self._token_step = TokenStep(exchanger)
        self._seconds = seconds

    def run(self, integration: Integration, key: SecretStr | None, model: str | None) -> Findings:
        """Run the steps in order, up to the first that fails. A federated integration is tested without a key."""
        access = build_access(integration, key)
        if access is None:
            timer = StepTimer(REACHABLE)
            forms = accepted_forms(integration.provider)
            return Findings((timer.failed(f"The integration has no base_url of an accepted form. {forms}"),))
        secrets = collect_secrets(integration, key)
        steps = CredentialSteps(self._outbound, access, secrets, model, Deadline(self._seconds))
        test = _HttpTest(integration, steps, self._token_step if key is None else None)
        rungs = tuple(_until_failure(test.run()))
        return Findings(rungs, tuple(steps.models))


@dataclass(frozen=True)
class _HttpTest:
    integration: Integration
    steps: CredentialSteps
    token_step: TokenStep | None

    def run(self) -> Iterator[Rung]:
        yield self._test_connection()
        if self.token_step is not None and self.integration.federation is not None:
            yield from self._run_with_token(self.token_step)
        elif self.steps.access.probe.untestable_key:
            yield from _skip(self.steps.access.probe.untestable_key, AUTHENTICATED, MODEL_ANSWERS)
        else:
            yield from self.steps.run()

    def _run_with_token(self, token_step: TokenStep) -> Iterator[Rung]:
        exchanged, token = token_step.run(self.integration, self.steps.secrets)
        yield exchanged
        has_label = PROVIDERS[self.integration.provider].metadata is GCP
        if token is None:
            yield from _skip(_NO_TOKEN, AUTHENTICATED, MODEL_ANSWERS, *([PROJECT_LABELED] if has_label else []))
            return
        steps = replace(
            self.steps,
            access=with_token(self.steps.access, self.integration, token.value),
            secrets=collect_secrets(self.integration, token.value),
        )
        yield from steps.run()
        if has_label:
            yield find_project_label(self.integration, token.value, steps.outbound, steps.deadline)

    def _test_connection(self) -> Rung:
        timer = StepTimer(REACHABLE)
        api = self.steps.access.api
        try:
            self.steps.outbound.reach(api, self.steps.deadline.within(_CONNECT))
        except FAILURES as failure:
            return timer.failed(describe_failure(failure))
        if api.startswith("https:"):
            return timer.passed("The connection succeeded, and the certificate is valid for the host.")
        return timer.passed(
            "The connection succeeded.", "It is not encrypted, so the identity of the server is not verified."
        )


def _skip(reason: str, *names: str) -> Iterator[Rung]:
    return (StepTimer(name).inconclusive(reason) for name in names)


def _until_failure(rungs: Iterator[Rung]) -> Iterator[Rung]:
    for rung in rungs:
        yield rung
        if rung.status is CheckStatus.FAILED:
            return
