"""What makes two requests by event the same request."""

from datetime import timedelta
from typing import Any

from ai_integrations.contracts import ids
from ai_integrations.contracts.provisioning_requests import DeleteRequested, UpdateRequested
from ai_integrations.domain.model import IdempotencyKey
from tests.builders import ULID

DELETE = {"request_id": "request-1", "account": "acme", "user": "platform", "id": ids.encode(ULID)}
UPDATE = DELETE | {"integration": {"name": "x", "base_url": None}}


def test_idempotency_key_belongs_to_the_user_and_is_kept_for_four_weeks() -> None:
    """The description of `request_id` promises the four weeks."""
    request = DeleteRequested.model_validate(DELETE)
    assert request.idempotency_key() == IdempotencyKey(
        user="platform", value="event request-1", fingerprint=request.fingerprint(), retention=timedelta(weeks=4)
    )


def test_fingerprint_ignores_the_order_of_fields_only() -> None:
    def fingerprint(**changes: Any) -> str:
        return UpdateRequested.model_validate(UPDATE | {"integration": changes}).fingerprint()

    first = fingerprint(name="x", headers={"X-A": "1", "X-B": "2"})
    assert fingerprint(headers={"X-B": "2", "X-A": "1"}, name="x") == first
    assert fingerprint(name="x", headers={"X-A": "1", "X-B": "3"}) != first
    assert fingerprint(name="x", headers={"X-A": "1", "X-B": "2"}, base_url=None) != first


class RemoveRequested(DeleteRequested):
    """Has the same fields as a request to delete."""

    detail_type = "AI Integration Remove Requested"


def test_fingerprint_differs_for_another_kind_of_request() -> None:
    requests = (DeleteRequested.model_validate(DELETE), RemoveRequested.model_validate(DELETE))
    assert requests[0].fingerprint() != requests[1].fingerprint()


def test_fingerprint_stays_the_same_between_releases() -> None:
    digest = "b023116ef3b0752e90ded52e700d0ad318f69e4f8f04a0ba531ab74a98edd754"
    assert DeleteRequested.model_validate(DELETE).fingerprint() == digest, "stored records of earlier releases differ"
