"""What others may ask for on the bus. A key is refused there: a request names the secret that holds it."""

import json
from datetime import timedelta
from hashlib import sha256
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from ai_integrations.contracts import ids
from ai_integrations.contracts.integration_bodies import IntegrationChange, NewIntegration
from ai_integrations.contracts.operator_commands import Account, User
from ai_integrations.contracts.published_events import (
    CreateFailed,
    CreateSucceeded,
    DeleteFailed,
    DeleteSucceeded,
    Failed,
    Succeeded,
    UpdateFailed,
    UpdateSucceeded,
)
from ai_integrations.contracts.wire_model import InputModel, WireModel
from ai_integrations.domain.errors import InvalidRequestError
from ai_integrations.domain.model import Caller, IdempotencyKey, Role

# The longest that a message can wait in the queue and then in its dead-letter queue: a late replay is recognized.
OUTCOME_RETENTION = timedelta(days=28)


def _of_the_right_form(text: str) -> str:
    try:
        ids.decode(text)
    except InvalidRequestError as error:
        raise PydanticCustomError("integration_id_type", "This is not the id of an AI integration.") from error
    return text


RequestId = Annotated[
    str,
    StringConstraints(pattern=r"^[\x21-\x7e]{1,128}$"),
    Field(description="Chosen by the sender: what has it twice, within four weeks, is the same request."),
]
IntegrationId = Annotated[
    str, AfterValidator(_of_the_right_form), Field(description="The id of an integration, as the API shows it.")
]


class Correlation(WireModel):
    """To whom an outcome is told."""

    account: Account
    request_id: RequestId


class Request(InputModel, Correlation):
    """The detail of an event that asks for something. Whoever may put it on the bus acts as an admin of the account."""

    detail_type: ClassVar[str]
    succeeded: ClassVar[type[Succeeded]]
    failed: ClassVar[type[Failed]]

    user: User = Field(description="On whose behalf; shown as the author of the change.")

    def caller(self) -> Caller:
        """Return whom the request stands for."""
        return Caller(account=self.account, user=self.user, role=Role.ADMIN)

    def fingerprint(self) -> str:
        """Return a digest of the request, which holds no key."""
        said = {"detail_type": self.detail_type, **self.model_dump(exclude_unset=True)}  # null says more than nothing
        return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    def idempotency_key(self) -> IdempotencyKey:
        """Return what makes the change happen once; the blank keeps it apart from the keys that callers send."""
        return IdempotencyKey(
            value=f"event {self.request_id}", fingerprint=self.fingerprint(), retention=OUTCOME_RETENTION
        )

    def correlation(self) -> dict[str, str]:
        """Return to whom the outcome is told."""
        return self.model_dump(include={*Correlation.model_fields})


class CreateRequested(Request):
    """Create an integration."""

    detail_type = "AI Integration Create Requested"
    succeeded = CreateSucceeded
    failed = CreateFailed

    integration: NewIntegration


class UpdateRequested(Request):
    """Change an integration."""

    detail_type = "AI Integration Update Requested"
    succeeded = UpdateSucceeded
    failed = UpdateFailed

    id: IntegrationId
    integration: IntegrationChange


class DeleteRequested(Request):
    """Delete an integration; one that is deleted already is none the worse for it."""

    detail_type = "AI Integration Delete Requested"
    succeeded = DeleteSucceeded
    failed = DeleteFailed

    id: IntegrationId


REQUESTS: dict[str, type[Request]] = {
    kind.detail_type: kind for kind in (CreateRequested, UpdateRequested, DeleteRequested)
}
