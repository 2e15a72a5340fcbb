"""The rules that concern several fields or depend on the stack's settings."""

from collections.abc import Iterator

from ai_integrations.domain.endpoints import accepted_forms, find_flaw
from ai_integrations.domain.errors import FieldError, RuleViolationError
from ai_integrations.domain.model import Integration, KeepKey, KeyChange, Policy, Settings
from ai_integrations.domain.providers import PROVIDERS
from ai_integrations.domain.url_policy import RefusedDestinationError, check_url, destination


def check_settings(settings: Settings, *, previous: Settings | None, policy: Policy) -> None:
    """Raise RuleViolationError with every broken rule of contract.md, "Resource".

    A base_url that does not change may be older than the rules and the allow-list, so it may keep its host and its
    flaw.
    """
    violations = [*_metadata_violations(settings), *_base_url_violations(settings, previous, policy)]
    if violations:
        raise RuleViolationError(*violations)


def check_key_binding(current: Integration, changed: Settings, key: KeyChange) -> None:
    """Raise RuleViolationError if a stored key would be sent to a host or provider that it was not given for."""
    if current.secret is None or key is not KeepKey.KEEP:
        return
    if changed.provider != current.provider or destination(changed.base_url) != destination(current.base_url):
        raise RuleViolationError(
            FieldError(
                "/api_key", "Changing the provider or host requires the key in the same request, or null to remove it."
            )
        )


def _metadata_violations(settings: Settings) -> Iterator[FieldError]:
    kind = PROVIDERS[settings.provider].metadata
    metadata = settings.provider_metadata
    if kind is None:
        if metadata is not None:
            yield FieldError("/provider_metadata", "This provider does not accept metadata.")
        return
    values = metadata or {}
    for name in sorted(set(kind.required) - values.keys()):
        yield FieldError(f"/provider_metadata/{name}", "This provider requires the field.")
    if values.get("kind", kind.name) != kind.name:
        yield FieldError("/provider_metadata/kind", "The kind does not match the provider.")
    for name in sorted(values.keys() - {"kind", *kind.required, *kind.optional}):
        yield FieldError(f"/provider_metadata/{name}", "This provider does not accept the field.")


def _base_url_violations(settings: Settings, previous: Settings | None, policy: Policy) -> Iterator[FieldError]:
    if settings.base_url is None:
        return
    try:
        if previous is None or settings.base_url != previous.base_url:
            check_url(settings.base_url, policy.allowed_private_hosts)
    except RefusedDestinationError as error:
        yield FieldError("/base_url", f"The URL {error}.")
        return
    flaw = _find_flaw(settings)
    if flaw and not (previous and _same_address(settings, previous) and _find_flaw(previous)):
        yield FieldError("/base_url", f"The URL {flaw}. {accepted_forms(settings.provider)}")


def _find_flaw(settings: Settings) -> str | None:
    return settings.base_url and find_flaw(settings.provider, settings.base_url, settings.provider_metadata)


def _same_address(one: Settings, other: Settings) -> bool:
    return (one.provider, one.base_url) == (other.provider, other.base_url)
