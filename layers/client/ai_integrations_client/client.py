"""The client: resolves integrations and caches the results."""

import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ai_integrations_client.cache import Cache, EntryFilter
from ai_integrations_client.lambda_source import LambdaClient
from ai_integrations_client.policy import Freshness
from ai_integrations_client.resolve_request import ResolveRequest
from ai_integrations_client.resolved import ResolvedIntegration
from ai_integrations_client.runtime import Runtime
from ai_integrations_client.sources import Settings, create_source

if TYPE_CHECKING:
    from botocore.session import Session

# Detail types after which the integration exists, but differs from the cached one.
_CHANGED = frozenset(f"AI Integration {kind}" for kind in ("Created", "Updated", "Key Rotated", "Restored"))
_DELETED = "AI Integration Deleted"


class Client:
    """Resolves integrations and caches the results. It is thread-safe."""

    def __init__(  # noqa: PLR0913 - each is an independent option
        self,
        *,
        url: str | None = None,
        account: str | None = None,
        region: str | None = None,
        session: "Session | None" = None,
        function: str | None = None,
        consumer: str | None = None,
        lambda_client: LambdaClient | None = None,
        freshness: Freshness | None = None,
        runtime: Runtime | None = None,
    ) -> None:
        """Read settings that are not passed from the environment.

        `url` is the URL of the API (AI_INTEGRATIONS_URL). Requests are signed with the credentials of `session`, by
        default those that botocore finds. `account` is the account of the registry whose integrations are resolved
        (AI_INTEGRATIONS_ACCOUNT). Without it, grants of other accounts to this program count too. `region` is the AWS
        region of an API with a custom domain (AI_INTEGRATIONS_REGION).

        Brokers, which serve every account, pass `function` instead: the name or ARN of the stack's function
        `credentials` (AI_INTEGRATIONS_FUNCTION). They need `account`, and `consumer`, which names this program in the
        audit log and in role sessions (AI_INTEGRATIONS_CONSUMER, or the name of the Lambda function that it runs in).

        Raise ConfigurationError if a setting is missing, or if both the API and a function are configured.
        """
        runtime = runtime or Runtime()
        settings = Settings(url, account, region, session, function, consumer, lambda_client)
        source = create_source(settings, runtime)
        self._account = source.account
        self._cache = Cache(source.fetch, freshness or Freshness(), runtime)

    def resolve(
        self,
        integration: str,
        *,
        space: str | None = None,
        organization: str | None = None,
        key_version: str | None = None,
    ) -> ResolvedIntegration:
        """Resolve an integration by its id or name. `key_version` selects the previous key during its grace period.

        The grant of this program decides what it sees. Only brokers pass `space` or `organization`, by their ids: the
        place from which the integration is seen. Without them, a broker sees account-wide integrations.

        Raises:
            ConfigurationError: `space` or `organization` without a broker.
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

        Events of other accounts, other detail types, and events that are not newer than an entry are ignored. Without
        an account, ids decide, which are unique. A name of another account can then mark an entry as stale, which costs
        one call.
        """
        kind, detail = event.get("detail-type"), event.get("detail")
        if not isinstance(detail, Mapping) or self._account not in {None, detail.get("account")}:
            return False
        if kind == _DELETED:
            return self._cache.evict(_concerned_by_deletion(detail)) > 0
        return kind in _CHANGED and self._cache.mark_stale(_concerned_by_change(detail)) > 0


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
