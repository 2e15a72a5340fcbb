"""The identity token of an integration: its audience, and the claims that bind it to one account and integration."""

from collections.abc import Mapping

from ai_integrations.domain.model import Federation, Integration
from ai_integrations.domain.providers import PROVIDERS


def audience_of(integration: Integration) -> str:
    """Determine the `aud` claim of the identity token. Without a federation, it is empty."""
    kind = PROVIDERS[integration.provider].federation
    if kind is None or integration.federation is None:
        return ""
    return kind.audience.format_map({**integration.federation.fields, **request_tags(integration)})


def identity_of(provider: str, federation: Federation) -> str:
    """Build a text that is equal for all federations that select the same identity at the same kind of provider.

    Ignores case and a final slash: some providers do so, and two customers' identities differ in more than that.
    """
    kind = PROVIDERS[provider].federation
    if kind is None:
        return provider
    values = [federation.fields.get(name, "") for name in kind.identity]
    return "\n".join((kind.request_format.value, *(value.lower().rstrip("/") for value in values)))


def request_tags(integration: Integration) -> Mapping[str, str]:
    """Build the tags of the identity token, which the claim `request_tags` contains.

    They bind the token to one account of the registry and to one integration. Providers must require them, because all
    integrations of the stack have the same subject.
    """
    return {"registry_account": integration.account, "integration": integration.id}
