"""The rules of `federation`: what a provider's row in domain/federations.py accepts, and what no request may contain.

Values that are already stored are not checked again (domain/rules.py).
"""

import re
from collections.abc import Collection, Iterator, Mapping
from urllib.parse import unquote

from ai_integrations.domain.errors import FieldError
from ai_integrations.domain.federations import FEDERATION_KINDS, FederationKind
from ai_integrations.domain.model import Federation, Policy
from ai_integrations.domain.providers import PROVIDERS
from ai_integrations.domain.url_policy import RefusedDestinationError, check_url

MAX_PARAMETERS = 20

_PARAMETER_NAME = r"[A-Za-z][A-Za-z0-9_.-]{0,63}"
_PARAMETER_VALUE = r"[\x20-\x7e]{1,1000}"
# Parameters that the exchange sets itself (RFC 8693, section 2.1; RFC 7523, section 2.1), and words in the names of
# parameters that are secrets (RFC 6749, section 2.3.1): the table must not contain a secret.
_RESERVED_PARAMETER = (
    r"(?i)(?!requested_token_type$)(grant_type|.*(assertion|credential|jwt|key|passphrase|passw|pwd|secret|token).*)"
)


def find_violations(provider: str, sent: Federation, stored: Federation | None, policy: Policy) -> Iterator[FieldError]:
    """Find every broken rule. `stored` is the federation that the integration already has with this provider."""
    if sent == stored:
        return
    kind = PROVIDERS[provider].federation
    if not policy.federation_issuer:
        yield FieldError(
            "/federation",
            "Workload identity federation is off in this installation. Send api_key instead, or ask the operator to "
            "set the stack parameter FederationIssuer.",
        )
    elif kind is None:
        yield FieldError("/federation", "This provider does not accept a federation. Send api_key instead.")
    else:
        yield from _field_violations(kind, sent.fields, stored.fields if stored else {}, policy)
        yield from _parameter_violations(kind, sent.parameters, stored.parameters if stored else {})


def _field_violations(
    kind: FederationKind, sent: Mapping[str, str], stored: Mapping[str, str], policy: Policy
) -> Iterator[FieldError]:
    for name in sorted(sent.keys() - kind.fields.keys()):
        yield FieldError(f"/federation/{name}", "This provider does not accept the field.")
    for name, field in kind.fields.items():
        value = sent.get(name)
        if value is None and field.required:
            yield FieldError(f"/federation/{name}", "This provider requires the field.")
        elif value is not None and value != stored.get(name):
            flaw = _find_flaw(name, value, policy) if re.fullmatch(field.pattern, value) else field.description
            if flaw:
                yield FieldError(f"/federation/{name}", f"The value must be {flaw}.")


def _find_flaw(name: str, value: str, policy: Policy) -> str | None:
    """Describe what a value of the right format must be instead, or None if it is accepted."""
    match name:
        case "token_endpoint":
            return _find_endpoint_flaw(value, policy.allowed_private_hosts)
        case "audience" if is_reserved_audience(value):
            return "an audience of your own: this one belongs to another provider"
    return None


def _find_endpoint_flaw(url: str, allowed_private_hosts: Collection[str]) -> str | None:
    if "?" in url:
        return "a URL without a query. Send parameters instead"
    try:
        check_url(url, allowed_private_hosts)
    except RefusedDestinationError as error:
        return f"the URL of a token endpoint. It {error}"
    return None


def is_reserved_audience(audience: str) -> bool:
    """Check whether a chosen audience names the audience of a provider, in any notation.

    Otherwise an account could have an identity token for that provider sent to a server of its own.
    """
    folded = unquote(audience).lower()
    return any(name in folded for name in _reserved_names())


def _reserved_names() -> Iterator[str]:
    """List what identifies the audience of each provider that has a fixed one: the host, without path and scheme."""
    for kind in FEDERATION_KINDS:
        if "audience" not in kind.fields:
            yield kind.audience.partition("://")[2].partition("/")[0].lower()


def _parameter_violations(
    kind: FederationKind, sent: Mapping[str, str], stored: Mapping[str, str]
) -> Iterator[FieldError]:
    if sent and not kind.accepts_parameters:
        yield FieldError("/federation/parameters", "This provider does not accept parameters.")
        return
    changed = dict(sent.items() - stored.items())
    if changed and len(sent) > MAX_PARAMETERS:
        yield FieldError("/federation/parameters", f"Send at most {MAX_PARAMETERS} parameters.")
    if not all(re.fullmatch(_PARAMETER_NAME, name) for name in changed):
        yield FieldError(
            "/federation/parameters",
            "Every name must start with a letter and have at most 64 letters, digits, dots, hyphens and underscores.",
        )
    elif any(re.fullmatch(_RESERVED_PARAMETER, name) for name in changed):
        yield FieldError(
            "/federation/parameters",
            "Remove the parameters that the token exchange sets itself, and those that are secrets: grant_type, and "
            "names with assertion, credential, jwt, key, passphrase, passw, pwd, secret or token.",
        )
    if not all(re.fullmatch(_PARAMETER_VALUE, value) for value in changed.values()):
        yield FieldError(
            "/federation/parameters", "Every value must have 1 to 1000 characters, all of them printable ASCII."
        )
