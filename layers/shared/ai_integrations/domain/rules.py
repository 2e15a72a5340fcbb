"""The rules that concern several fields, depend on the stack's settings, or apply only to what changes.

The receiver of a value decides what is valid: IAM, Google Cloud, an HTTP server. Values that are already stored are not
checked again: rules become stricter, and clients and CloudFormation send unchanged values together with changed ones.
"""

import re
import unicodedata
from collections.abc import Iterator

from pydantic import SecretStr

from ai_integrations.domain import api_keys
from ai_integrations.domain.destinations import destination_of, redirects, uses_headers_as_credentials
from ai_integrations.domain.endpoints import accepted_forms, find_flaw
from ai_integrations.domain.errors import FieldError, RuleViolationError
from ai_integrations.domain.headers import find_reserved
from ai_integrations.domain.model import (
    CredentialChange,
    Federation,
    Integration,
    Policy,
    Removal,
    Settings,
    fold_name,
    keeps,
)
from ai_integrations.domain.providers import METADATA_FORMATS, PROVIDERS
from ai_integrations.domain.url_policy import RefusedDestinationError, check_url


def check_settings(settings: Settings, *, previous: Settings | None, policy: Policy) -> None:
    """Raise RuleViolationError with every broken rule of contract.md, "Resource".

    Values that `previous` has too are accepted: they may be older than the rules and the allow-list.
    """
    violations = [
        *_name_violations(settings, previous),
        *_metadata_violations(settings),
        *_metadata_format_violations(settings, previous),
        *_role_violations(settings, previous, policy),
        *_base_url_violations(settings, previous, policy),
        *_model_name_violations(settings, previous),
        *_header_violations(settings, previous),
    ]
    if violations:
        raise RuleViolationError(*violations)


def check_credentials(provider: str, change: CredentialChange, *, previous: Integration | None, policy: Policy) -> None:
    """Raise RuleViolationError if this provider cannot take the key or the federation that was sent.

    Values of a federation that `previous` has too are accepted.
    """
    if isinstance(change, SecretStr):
        check_key(provider, change)
    elif isinstance(change, Federation):
        # Imported on first use, because few requests need it, and each cold start would pay for it.
        from ai_integrations.domain import federation_rules  # noqa: PLC0415

        stored = previous.federation if previous is not None and previous.provider == provider else None
        violations = [*federation_rules.find_violations(provider, change, stored, policy)]
        if violations:
            raise RuleViolationError(*violations)


def check_key(provider: str, key: SecretStr) -> None:
    """Raise RuleViolationError if a text cannot be a key of this provider."""
    text = key.get_secret_value()
    flaw = api_keys.find_placeholder(text) or api_keys.find_transport_flaw(text, provider)
    if flaw:
        raise RuleViolationError(FieldError("/api_key", flaw))


def check_binding(
    current: Integration, changed: Settings, credentials: CredentialChange, *, sends_headers: bool
) -> None:
    """Raise RuleViolationError if stored credentials would be sent to a place that they were not given for.

    `sends_headers` is true if the request contains the headers, changed or not.
    """
    violations = []
    if current.secret is not None and keeps(Removal.KEY, credentials) and redirects(current, changed):
        violations.append(
            FieldError(
                "/api_key",
                "The stored key is bound to the provider, address and headers that it was given for. "
                "Send the key again in the same request, or null to remove it.",
            )
        )
    if current.federation is not None and keeps(Removal.FEDERATION, credentials) and redirects(current, changed):
        violations.append(
            FieldError(
                "/federation",
                "The stored federation is bound to the provider, address and headers that it was given for. "
                "Send the federation again in the same request, or null to remove it.",
            )
        )
    is_moved = destination_of(current) != destination_of(changed)
    if is_moved and changed.headers and not sends_headers and uses_headers_as_credentials(current):
        violations.append(
            FieldError(
                "/headers",
                "The stored headers are credentials for the provider and address that they were given for. "
                "Send the headers again in the same request, or null to remove them.",
            )
        )
    if violations:
        raise RuleViolationError(*violations)


def redirects_role(changed: Settings, previous: Settings | None) -> bool:
    """Check whether a write sets, changes or removes an IAM role, or changes where its credentials are sent."""
    if previous is None:
        return changed.iam_role is not None
    is_redirected = changed.iam_role is not None and redirects(previous, changed)
    return is_redirected or changed.iam_role != previous.iam_role


def changes_federation(previous: Integration | None, change: CredentialChange) -> bool:
    """Check whether a write sets or removes a federation."""
    if isinstance(change, Federation):
        return True
    return previous is not None and previous.federation is not None and not keeps(Removal.FEDERATION, change)


def find_model_name_flaw(name: str) -> str | None:
    """Describe why no provider can have a model of this name, or None if one can."""
    if name != name.strip() or has_format_characters(name):
        return "The name must not start or end with a blank, and must not contain invisible characters."
    return None


def has_format_characters(text: str) -> bool:
    """Check for characters that are invisible or change how others are shown (Unicode category Cf)."""
    return any(unicodedata.category(character) == "Cf" for character in text)


def _name_violations(settings: Settings, previous: Settings | None) -> Iterator[FieldError]:
    if previous is not None and settings.name == previous.name:
        return
    if has_format_characters(settings.name) or not fold_name(settings.name):
        yield FieldError("/name", "The name must be visible: zero-width and other format characters are not accepted.")


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


def _role_violations(settings: Settings, previous: Settings | None, policy: Policy) -> Iterator[FieldError]:
    role = settings.iam_role
    if role is None or (previous is not None and role == previous.iam_role):
        return
    if role.aws_account == policy.aws_account:
        yield FieldError(
            "/provider_metadata/role_arn",
            "The role belongs to the AWS account of this service. Use a role of another AWS account.",
        )
    if role.has_reserved_external_id:
        yield FieldError(
            "/provider_metadata/external_id",
            "This external ID is reserved. Leave the field out: the service then sends one of its own.",
        )


def _metadata_format_violations(settings: Settings, previous: Settings | None) -> Iterator[FieldError]:
    kind = PROVIDERS[settings.provider].metadata
    stored = (previous and previous.provider_metadata) or {}
    required = kind.required if kind else ()
    for name, value in sorted((settings.provider_metadata or {}).items() - stored.items()):
        expected = METADATA_FORMATS.get(name)
        if name in required and expected and not re.fullmatch(expected.pattern, value):
            yield FieldError(f"/provider_metadata/{name}", f"The value must be {expected.description}.")


def _model_name_violations(settings: Settings, previous: Settings | None) -> Iterator[FieldError]:
    stored = (previous and previous.model_names) or ()
    for index, name in enumerate(settings.model_names or ()):
        flaw = None if name in stored else find_model_name_flaw(name)
        if flaw:
            yield FieldError(f"/model_names/{index}", flaw)


def _header_violations(settings: Settings, previous: Settings | None) -> Iterator[FieldError]:
    stored = (previous and previous.headers) or {}
    sent = (settings.headers or {}).items()
    reserved = {entry for name, value in sent if stored.get(name) != value and (entry := find_reserved(name))}
    if reserved:
        names = ", ".join(sorted(reserved))
        yield FieldError("/headers", f"Remove these headers, which the sender of a request must set itself: {names}.")


def _base_url_violations(settings: Settings, previous: Settings | None, policy: Policy) -> Iterator[FieldError]:
    base_url = settings.base_url
    if base_url is None:
        return
    try:
        if previous is None or base_url != previous.base_url:
            check_url(base_url, policy.allowed_private_hosts)
    except RefusedDestinationError as error:
        yield FieldError("/base_url", f"The URL {error}.")
        return
    flaw = find_flaw(settings.provider, base_url, settings.provider_metadata)
    kept = previous if previous and (previous.provider, previous.base_url) == (settings.provider, base_url) else None
    if flaw and not (kept and find_flaw(settings.provider, base_url, kept.provider_metadata)):
        yield FieldError("/base_url", f"The URL {flaw}. {accepted_forms(settings.provider)}")
