"""A use case of the fault matrix."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.faults.account import Account, Request

NAME = "Production OpenAI"


@dataclass(frozen=True)
class UseCase:
    """A request that must lead to the same end whichever of its AWS calls fails.

    `prepare` prepares an account and returns the request. `expected` maps the names of the integrations that exist in
    the end to their keys, or None. The retried request must be answered with one of `statuses`, and the first one with
    one of these or a server error. If the call `reported_denial` is denied, the denial is the outcome, not a failure.
    """

    prepare: Callable[[Account], Request]
    expected: Mapping[str, str | None] = field(default_factory=dict)
    statuses: frozenset[int] = frozenset({200})
    reported_denial: str = ""


def existing(request: Callable[[Account], Request], **body: object) -> Callable[[Account], Request]:
    """Prepare a request for an existing integration."""

    def prepare(account: Account) -> Request:
        account.create_integration(**body)
        return request(account)

    return prepare


def patch(**change: object) -> Callable[[Account], Request]:
    """Build a PATCH request."""
    return lambda account: account.patch_request(**change)
