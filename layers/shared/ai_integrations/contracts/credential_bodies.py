"""Request bodies with which a consumer resolves an integration."""

from typing import Annotated

from pydantic import Field, StringConstraints

from ai_integrations.contracts.operator_commands import Account
from ai_integrations.contracts.wire_model import InputModel

IntegrationNameOrId = Annotated[
    str, StringConstraints(min_length=1, max_length=256), Field(description="The id or the name of an integration.")
]
KeyVersion = Annotated[
    str,
    StringConstraints(min_length=1, max_length=64),
    Field(description="Version of the key: the current one, or the previous one during its grace period."),
]


class CredentialRequest(InputModel):
    """What a consumer asks for. Its identity is that of the signed request; no field can state another one."""

    account: Annotated[
        Account | None,
        Field(description="The account of the registry, if several have granted access to the consumer."),
    ] = None
    key_version: KeyVersion | None = None


class NamedCredentialRequest(CredentialRequest):
    """What a consumer asks for, with the integration."""

    integration: IntegrationNameOrId
