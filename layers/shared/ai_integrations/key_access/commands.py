"""What operators ask functions/credentials about keys, told apart from a resolution by `action`."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, RootModel, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from ai_integrations.contracts import ids
from ai_integrations.contracts.fields import ApiKey
from ai_integrations.contracts.operator_commands import Account
from ai_integrations.contracts.wire_model import DEFER_BUILD, InputModel
from ai_integrations.key_access.key_search import Findings, KeyPrint, KeySearch

IntegrationId = Annotated[str, StringConstraints(min_length=1, max_length=256)]


class FingerprintKey(InputModel):
    """Tell the fingerprint of the key that an integration has: whether a rotation has changed it, for one."""

    action: Literal["fingerprint"]
    account: Account
    integration: IntegrationId


class FindKey(InputModel):
    """Tell which integrations of an account hold a key, which is given itself or by its fingerprint.

    Of a long account an answer holds one page, and in `next` what to send as `after` for the one behind it.
    """

    action: Literal["find_key"]
    account: Account
    api_key: ApiKey | None = None
    fingerprint: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")] | None = None
    after: IntegrationId | None = None

    @model_validator(mode="after")
    def _names_one_key(self) -> Self:
        if (self.api_key is None) is (self.fingerprint is None):
            raise PydanticCustomError("one_key", "Give either the key or its fingerprint.")
        return self


class KeyCommand(RootModel[FingerprintKey | FindKey]):
    """One of the commands about keys, told apart by `action`."""

    model_config = DEFER_BUILD

    root: FingerprintKey | FindKey = Field(discriminator="action")


def carry_out(command: FingerprintKey | FindKey, finder: KeySearch) -> dict[str, Any]:
    """Return the answer to a command."""
    if isinstance(command, FingerprintKey):
        return _print_view(finder.of_integration(command.account, ids.decode(command.integration)))
    fingerprint = command.fingerprint
    if command.api_key is not None:
        fingerprint = finder.of_key(command.account, command.api_key)
    before = ids.decode(command.after) if command.after else None
    return _findings_view(finder.find(command.account, fingerprint or "", before))


def _findings_view(findings: Findings) -> dict[str, Any]:
    return {
        "fingerprint": findings.fingerprint,
        "holders": [_print_view(each) for each in findings.holders],
        "unreadable": [_print_view(each) for each in findings.unreadable],
        "next": ids.encode(findings.next_before) if findings.next_before else None,
    }


def _print_view(printed: KeyPrint) -> dict[str, Any]:
    return {
        "id": ids.encode(printed.integration.id),
        "name": printed.integration.name,
        "version": printed.integration.version,
        "key_version": printed.key_version,
        "fingerprint": printed.fingerprint,
    }
