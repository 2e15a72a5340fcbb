"""The rules that need more than one field, or the stack's own settings, to be judged."""

from collections.abc import Iterator

from ai_integrations.domain.errors import FieldError, RuleViolationError
from ai_integrations.domain.model import Integration, KeepKey, KeyChange, Policy, Settings
from ai_integrations.domain.providers import PROVIDERS
from ai_integrations.domain.url_policy import RefusedDestinationError, check_url, destination


def check(settings: Settings, *, former: Settings | None, policy: Policy) -> None:
    """Raise RuleViolationError with every rule of contract.md, "Resource", that the settings break as a whole.

    A base_url is judged when it is set or changed: one that `former` had may stay.
    """
    violations = list(_metadata_violations(settings))
    if former is None or settings.base_url != former.base_url:
        violations += _base_url_violations(settings, policy)
    if violations:
        raise RuleViolationError(*violations)


def check_binding(current: Integration, changed: Settings, key: KeyChange) -> None:
    """Refuse to let a stored key follow to a host or a provider for which nobody has given it."""
    if current.secret is None or key is not KeepKey.KEEP:
        return
    if changed.provider != current.provider or destination(changed.base_url) != destination(current.base_url):
        raise RuleViolationError(
            FieldError("/api_key", "Another host or provider needs the key again, or null, in the same request.")
        )


def _metadata_violations(settings: Settings) -> Iterator[FieldError]:
    kind = PROVIDERS[settings.provider].metadata
    given = settings.provider_metadata
    if kind is None:
        if given is not None:
            yield FieldError("/provider_metadata", "This provider takes no metadata.")
        return
    values = given or {}
    for name in sorted(set(kind.required) - values.keys()):
        yield FieldError(f"/provider_metadata/{name}", "This provider requires the field.")
    if values.get("kind", kind.word) != kind.word:
        yield FieldError("/provider_metadata/kind", "The kind does not fit the provider.")
    for name in sorted(values.keys() - {"kind", *kind.required, *kind.optional}):
        yield FieldError(f"/provider_metadata/{name}", "This provider does not take the field.")


def _base_url_violations(settings: Settings, policy: Policy) -> Iterator[FieldError]:
    if settings.base_url is None:
        return
    try:
        check_url(settings.base_url, policy.allowed_private_hosts)
    except RefusedDestinationError as refusal:
        yield FieldError("/base_url", f"The URL {refusal}.")
