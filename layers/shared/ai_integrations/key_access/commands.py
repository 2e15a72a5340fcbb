"""Operator commands of functions/credentials that compare keys by fingerprint, selected by `action`."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, RootModel, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from ai_integrations.contracts import ids
from ai_integrations.contracts.fields import ApiKey, IntegrationId
from ai_integrations.contracts.operator_commands import Account
from ai_integrations.contracts.wire_model import DEFER_BUILD, InputModel
from ai_integrations.key_access.key_search import KeyFingerprint, KeySearch, SearchPage


class FingerprintKey(InputModel):
    """Compute the fingerprint of an integration's current key, for example to check a rotation."""

    action: Literal["fingerprint"]
    account: Account
    integration: IntegrationId


class FindKey(InputModel):
    """Find the integrations of an account that hold a key, given the key itself or its fingerprint.

    The response is one page. Pass its `next` as `after` to get the following page.
    """

    action: Literal["find_key"]
    account: Account
    api_key: ApiKey | None = None
    fingerprint: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")] | None = None
    after: IntegrationId | None = None

    @model_validator(mode="after")
    def _has_key_or_fingerprint(self) -> Self:
        if (self.api_key is None) is (self.fingerprint is None):
            raise PydanticCustomError("one_key", "Give either the key or its fingerprint.")
        return self


class KeyCommand(RootModel[FingerprintKey | FindKey]):
    """Either key command; `action` selects which."""

    model_config = DEFER_BUILD

    root: FingerprintKey | FindKey = Field(discriminator="action")


def execute_command(command: FingerprintKey | FindKey, search: KeySearch) -> dict[str, Any]:
    """Execute a key command and build its response."""
    if isinstance(command, FingerprintKey):
        return _fingerprint_view(search.fingerprint_integration(command.account, ids.decode(command.integration)))
    fingerprint = command.fingerprint
    if command.api_key is not None:
        fingerprint = search.fingerprint_key(command.account, command.api_key)
    before = ids.decode(command.after) if command.after else None
    return _page_view(search.find_holders(command.account, fingerprint or "", before))


def _page_view(page: SearchPage) -> dict[str, Any]:
    return {
        "fingerprint": page.fingerprint,
        "holders": [_fingerprint_view(each) for each in page.holders],
        "unreadable": [_fingerprint_view(each) for each in page.unreadable],
        "next": ids.encode(page.next_before) if page.next_before else None,
    }


def _fingerprint_view(found: KeyFingerprint) -> dict[str, Any]:
    return {
        "id": ids.encode(found.integration.id),
        "name": found.integration.name,
        "version": found.integration.version,
        "key_version": found.key_version,
        "fingerprint": found.fingerprint,
    }
