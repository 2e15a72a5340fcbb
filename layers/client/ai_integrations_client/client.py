"""What programs use: one client for each account that they ask about."""

import os
import unicodedata
from collections.abc import Mapping
from typing import Any, cast

from ai_integrations_client.cache import Cache, Concerns
from ai_integrations_client.errors import ConfigurationError
from ai_integrations_client.freshness import Freshness
from ai_integrations_client.machine import Machine
from ai_integrations_client.resolved import ResolvedIntegration
from ai_integrations_client.source import LambdaClient, LambdaSource, Question

# What the service says on its bus; after all but the deletion the integration is there, but not as it was.
_CHANGED = frozenset(f"AI Integration {what}" for what in ("Created", "Updated", "Key Rotated", "Restored"))
_DELETED = "AI Integration Deleted"


class Client:
    """Resolves integrations and keeps what it got; safe to be used by many threads at once."""

    def __init__(  # noqa: PLR0913 - each is a choice of its own
        self,
        *,
        function: str | None = None,
        account: str | None = None,
        consumer: str | None = None,
        lambda_client: LambdaClient | None = None,
        freshness: Freshness | None = None,
        machine: Machine | None = None,
    ) -> None:
        """Take from the environment what is not given; ConfigurationError if it is not there either.

        `function` is the name or ARN of the stack's function (AI_INTEGRATIONS_FUNCTION), `account` the registry's
        account (AI_INTEGRATIONS_ACCOUNT), `consumer` the name under which the audit log and role sessions show this
        program (AI_INTEGRATIONS_CONSUMER, or else the name of the Lambda function that it runs in).
        """
        source = LambdaSource(
            lambda_client or _boto_client(),
            function=function or _setting("AI_INTEGRATIONS_FUNCTION"),
            account=account or _setting("AI_INTEGRATIONS_ACCOUNT"),
            consumer=consumer or _setting("AI_INTEGRATIONS_CONSUMER", "AWS_LAMBDA_FUNCTION_NAME"),
        )
        self._account = source.account
        self._cache = Cache(source.fetch, freshness or Freshness(), machine or Machine())

    def resolve(
        self,
        integration: str,
        *,
        space: str | None = None,
        organization: str | None = None,
        key_version: str | None = None,
    ) -> ResolvedIntegration:
        """Return an integration by its id or name, as seen from a space or an organization, given by their ids.

        Without them, what is account-wide is seen. `key_version` asks for the key before the present one, during its
        grace. ResolutionError if the answer is no, UnavailableError if there is none and nothing usable is kept.
        """
        question = Question(
            integration=integration, space_id=space, organization_id=organization, key_version=key_version
        )
        return self._cache.get(question)

    def invalidate(self, integration: str | None = None) -> None:
        """Ask again at the next use: of one integration, by id or name, or of all."""
        self._cache.doubt(lambda question, value: integration is None or _meant(integration, question, value))

    def handle_event(self, event: Mapping[str, Any]) -> bool:
        """Take in a change event of the service as EventBridge delivers it; tell whether it concerned anything kept.

        Events of other accounts, other kinds, and those that are older than what is kept, concern nothing.
        """
        kind, detail = event.get("detail-type"), event.get("detail")
        if not isinstance(detail, Mapping) or detail.get("account") != self._account:
            return False
        if kind == _DELETED:
            return self._cache.forget(_deleted(detail)) > 0
        return kind in _CHANGED and self._cache.doubt(_changed(detail)) > 0


def _changed(detail: Mapping[str, Any]) -> Concerns:
    """Concern what an integration is kept as, and what has been asked for by its new name."""

    def concerns(question: Question, value: ResolvedIntegration | None) -> bool:
        if value is not None and value.id == detail["id"]:
            return value.version < int(detail["version"])
        return value is None or _folded(question.integration) == _folded(detail["name"])

    return concerns


def _deleted(detail: Mapping[str, Any]) -> Concerns:
    def concerns(_question: Question, value: ResolvedIntegration | None) -> bool:
        return value is None or (value.id == detail["id"] and value.version <= int(detail["version"]))

    return concerns


def _meant(integration: str, question: Question, value: ResolvedIntegration | None) -> bool:
    names = {question.integration, value.name if value else question.integration}
    return value is None or integration == value.id or _folded(integration) in map(_folded, names)


def _folded(name: str) -> str:
    """Return what spellings of a name have in common that the service takes for the same."""
    return unicodedata.normalize("NFC", name.strip()).casefold()


def _setting(*names: str) -> str:
    for name in names:
        if os.environ.get(name):
            return os.environ[name]
    raise ConfigurationError(f"{names[0]} is not set, and no argument was given in its place.")


def _boto_client() -> LambdaClient:
    """Make a client that gives up while the caller of this program may still be waiting."""
    import boto3  # noqa: PLC0415 - not needed by those who bring a client
    from botocore.config import Config  # noqa: PLC0415

    config = Config(connect_timeout=2, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})
    return cast("LambdaClient", boto3.client("lambda", config=config))
