"""The rules that need more than one field, or the stack's own settings, to be judged."""

from collections.abc import Collection, Iterator

from ai_integrations.destinations import RefusedDestinationError, check_url
from ai_integrations.errors import FieldError, RuleViolationError
from ai_integrations.model import Settings
from ai_integrations.providers import PROVIDERS


def check(settings: Settings, *, allowed_private_hosts: Collection[str]) -> None:
    """Raise RuleViolationError with every rule of contract.md, "Resource", that the settings break as a whole."""
    violations = [*_metadata_violations(settings), *_base_url_violations(settings, allowed_private_hosts)]
    if violations:
        raise RuleViolationError(*violations)


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


def _base_url_violations(settings: Settings, allowed_private_hosts: Collection[str]) -> Iterator[FieldError]:
    if settings.base_url is None:
        return
    try:
        check_url(settings.base_url, allowed_private_hosts)
    except RefusedDestinationError as refusal:
        yield FieldError("/base_url", f"The URL {refusal}.")
