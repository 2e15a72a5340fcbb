"""Requests by event (provisioning). They must not contain a key: `api_key_secret_arn` names its secret."""

import json
from datetime import timedelta
from hashlib import sha256
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from ai_integrations.contracts.fields import IntegrationId
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
from ai_integrations.domain.model import IdempotencyKey

# The longest time that a message can spend in the queue and its dead-letter queue, so that a late replay is detected.
OUTCOME_RETENTION = timedelta(days=28)


RequestId = Annotated[
    str,
    StringConstraints(pattern=r"^[\x21-\x7e]{1,128}$"),
    Field(description="Chosen by the sender. Within four weeks, events with the same request_id are the same request."),
]


class Addressed(WireModel):
    """The account that a request is for. Its sender must be registered for it."""

    account: Account


class Correlation(Addressed):
    """The members that identify a request in its outcome."""

    request_id: RequestId


class ProvisioningRequest(InputModel, Correlation):
    """The detail of an event that requests a change."""

    detail_type: ClassVar[str]
    succeeded: ClassVar[type[Succeeded]]
    failed: ClassVar[type[Failed]]

    user: User = Field(description="The user on whose behalf the change is made. Shown as its author.")

    def fingerprint(self) -> str:
        """Compute a digest of the request, which contains no key."""
        sent = self.model_dump(exclude_unset=True)  # an explicit null differs from an absent field
        compared = {"detail_type": self.detail_type, **sent}
        return sha256(json.dumps(compared, sort_keys=True).encode()).hexdigest()

    def idempotency_key(self) -> IdempotencyKey:
        """Build the idempotency key. Its blank keeps it distinct from the keys that HTTP callers send."""
        return IdempotencyKey(
            user=self.user,
            value=f"event {self.request_id}",
            fingerprint=self.fingerprint(),
            retention=OUTCOME_RETENTION,
        )

    def correlation(self) -> dict[str, str]:
        """List the members that the outcome repeats."""
        return self.model_dump(include={*Correlation.model_fields})


class CreateRequested(ProvisioningRequest):
    """Create an integration."""

    detail_type = "AI Integration Create Requested"
    succeeded = CreateSucceeded
    failed = CreateFailed

    integration: NewIntegration


class UpdateRequested(ProvisioningRequest):
    """Change an integration."""

    detail_type = "AI Integration Update Requested"
    succeeded = UpdateSucceeded
    failed = UpdateFailed

    id: IntegrationId
    integration: IntegrationChange


class DeleteRequested(ProvisioningRequest):
    """Delete an integration. Deleting an already deleted integration succeeds."""

    detail_type = "AI Integration Delete Requested"
    succeeded = DeleteSucceeded
    failed = DeleteFailed

    id: IntegrationId


REQUESTS: dict[str, type[ProvisioningRequest]] = {
    kind.detail_type: kind for kind in (CreateRequested, UpdateRequested, DeleteRequested)
}
