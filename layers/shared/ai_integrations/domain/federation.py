"""The identity token of an integration: its audience, and the claims that bind it to one account and integration."""

from collections.abc import Mapping

from ai_integrations.domain.model import Federation, Integration
from ai_integrations.domain.providers import PROVIDERS


def audience_of(provider: str, federation: Federation) -> str:
    """Determine the `aud` claim of the identity token."""
    kind = PROVIDERS[provider].federation
    if kind is None:
        return ""
    audience = kind.cloud_audiences.get(federation.fields.get("cloud", ""), kind.audience)
    return audience.format_map(federation.fields)


def request_tags(integration: Integration) -> Mapping[str, str]:
    """Build the tags of the identity token, which the claim `request_tags` contains.

    They bind the token to one account of the registry and to one integration. Providers must require them, because all
    integrations of the stack have the same subject.
    """
    return {"registry_account": integration.account, "integration": integration.id}
