"""What others may ask for on the bus. A key is refused there: a request names the secret that holds it."""

import json
from hashlib import sha256
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ai_integrations.commands import Account, User
from ai_integrations.events import (
    CreateFailed,
    CreateSucceeded,
    DeleteFailed,
    DeleteSucceeded,
    Failed,
    Succeeded,
    UpdateFailed,
    UpdateSucceeded,
)
from ai_integrations.http.schemas import IntegrationChange, NewIntegration
from ai_integrations.model import Caller, Role

RequestId = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,128}$")]


class Address(BaseModel):
    """To whom an outcome is told."""

    account: Account
    request_id: RequestId


class Request(BaseModel):
    """The detail of an event that asks for something. Whoever may put it on the bus acts as an admin of the account."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    detail_type: ClassVar[str]
    succeeded: ClassVar[type[Succeeded]]
    failed: ClassVar[type[Failed]]

    request_id: RequestId = Field(description="Chosen by the sender: what has it twice is the same request.")
    account: Account
    user: User = Field(description="On whose behalf; shown as the author of the change.")

    def caller(self) -> Caller:
        """Return whom the request stands for."""
        return Caller(account=self.account, user=self.user, role=Role.ADMIN)

    def fingerprint(self) -> str:
        """Return a digest of the request, which holds no key."""
        return sha256(json.dumps(self.model_dump(), sort_keys=True).encode()).hexdigest()


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

    id: str
    integration: IntegrationChange


class DeleteRequested(Request):
    """Delete an integration; one that is deleted already is none the worse for it."""

    detail_type = "AI Integration Delete Requested"
    succeeded = DeleteSucceeded
    failed = DeleteFailed

    id: str


REQUESTS: dict[str, type[Request]] = {
    kind.detail_type: kind for kind in (CreateRequested, UpdateRequested, DeleteRequested)
}
