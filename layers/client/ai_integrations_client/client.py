"""The client: resolves the integrations of one account and caches the results."""

import os
import unicodedata
from collections.abc import Mapping
from typing import Any, cast

from ai_integrations_client.cache import Cache, EntryFilter
from ai_integrations_client.errors import ConfigurationError
from ai_integrations_client.lambda_source import LambdaClient, LambdaSource
from ai_integrations_client.policy import Freshness
from ai_integrations_client.resolve_request import ResolveRequest
from ai_integrations_client.resolved import ResolvedIntegration
from ai_integrations_client.runtime import Runtime

# Detail types after which the integration exists, but differs from the cached one.
_CHANGED = frozenset(f"AI Integration {kind}" for kind in ("Created", "Updated", "Key Rotated", "Restored"))
_DELETED = "AI Integration Deleted"


class Client:
    """Resolves integrations and caches the results. It is thread-safe."""

    def __init__(  # noqa: PLR0913 - each is an independent option
        self,
        *,
        function: str | None = None,
        account: str | None = None,
        consumer: str | None = None,
        lambda_client: LambdaClient | None = None,
        freshness: Freshness | None = None,
        runtime: Runtime | None = None,
    ) -> None:
        """Read settings that are not passed from the environment. Raise ConfigurationError if one is missing.

        `function` is the name or ARN of the stack's function `credentials` (AI_INTEGRATIONS_FUNCTION), `account` the
        account of the registry (AI_INTEGRATIONS_ACCOUNT). `consumer` names this program in the audit log and in role
        sessions (AI_INTEGRATIONS_CONSUMER, or the name of the Lambda function that it runs in).
        """
        source = LambdaSource(
            lambda_client or create_lambda_client(),
            function=function or _read_setting("AI_INTEGRATIONS_FUNCTION"),
            account=account or _read_setting("AI_INTEGRATIONS_ACCOUNT"),
            consumer=consumer or _read_setting("AI_INTEGRATIONS_CONSUMER", "AWS_LAMBDA_FUNCTION_NAME"),
        )
        self._account = source.account
        self._cache = Cache(source.fetch, freshness or Freshness(), runtime or Runtime())

    def resolve(
        self,
        integration: str,
        *,
        space: str | None = None,
        organization: str | None = None,
        key_version: str | None = None,
    ) -> ResolvedIntegration:
        """Resolve an integration by its id or name, as seen from a space or an organization, given by their ids.

        Without them, only account-wide integrations are visible. `key_version` selects the previous key during its
        grace period.

        Raises:
            ResolutionError: the service or IAM rejected the request.
            UnavailableError: the service could not be reached, and no usable resolution is cached.
        """
        request = ResolveRequest(
            integration=integration, space_id=space, organization_id=organization, key_version=key_version
        )
        return self._cache.get(request)

    def invalidate(self, integration: str | None = None) -> None:
        """Mark the cached resolutions of one integration, by id or name, or of all integrations as stale."""
        self._cache.mark_stale(lambda request, value: integration is None or _matches(integration, request, value))

    def handle_event(self, event: Mapping[str, Any]) -> bool:
        """Apply a change event, as EventBridge delivers it, to the cache; return whether it concerned an entry.

        Events of other accounts, other detail types, and events that are not newer than an entry are ignored.
        """
        kind, detail = event.get("detail-type"), event.get("detail")
        if not isinstance(detail, Mapping) or detail.get("account") != self._account:
            return False
        if kind == _DELETED:
            return self._cache.evict(_concerned_by_deletion(detail)) > 0
        return kind in _CHANGED and self._cache.mark_stale(_concerned_by_change(detail)) > 0


def create_lambda_client() -> LambdaClient:
    """Create a boto3 client with short timeouts, because the caller of this program may be waiting."""
    import boto3  # noqa: PLC0415 - not needed if a client is passed
    from botocore.config import Config  # noqa: PLC0415

    config = Config(connect_timeout=2, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})
    return cast("LambdaClient", boto3.client("lambda", config=config))


def _concerned_by_change(detail: Mapping[str, Any]) -> EntryFilter:
    """Match older entries of the integration, requests for its name, and requests that have no result yet."""

    def matches(request: ResolveRequest, value: ResolvedIntegration | None) -> bool:
        if value is not None and value.id == detail["id"]:
            return value.version < int(detail["version"])
        return value is None or _fold(request.integration) == _fold(detail["name"])

    return matches


def _concerned_by_deletion(detail: Mapping[str, Any]) -> EntryFilter:
    def matches(_request: ResolveRequest, value: ResolvedIntegration | None) -> bool:
        return value is None or (value.id == detail["id"] and value.version <= int(detail["version"]))

    return matches


def _matches(integration: str, request: ResolveRequest, value: ResolvedIntegration | None) -> bool:
    names = {request.integration, value.name if value else request.integration}
    return value is None or integration == value.id or _fold(integration) in map(_fold, names)


def _fold(name: str) -> str:
    """Normalize a name as the service does when it compares names."""
    return unicodedata.normalize("NFC", name.strip()).casefold()


def _read_setting(*names: str) -> str:
    for name in names:
        if os.environ.get(name):
            return os.environ[name]
    raise ConfigurationError(f"{names[0]} is not set. Set this environment variable or pass the argument to Client.")
