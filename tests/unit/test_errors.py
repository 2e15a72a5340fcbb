"""What the domain's errors carry, and what they show when they are logged."""

import pytest

from ai_integrations.domain.errors import (
    FieldError,
    InvalidRequestError,
    KeyUnavailableError,
    RepeatedRequestError,
    RoleRefusedError,
    TokenRefusedError,
    TokenUnavailableError,
)
from tests.builders import an_integration


def test_with_prefix_keeps_the_details_of_every_field() -> None:
    error = InvalidRequestError(FieldError("/name", "Too long."), FieldError("", "Empty."))
    assert error.with_prefix("/integration").errors == (
        FieldError("/integration/name", "Too long."),
        FieldError("/integration", "Empty."),
    )


@pytest.mark.parametrize("error", [KeyUnavailableError, RoleRefusedError, TokenRefusedError, TokenUnavailableError])
def test_reason_of_a_refusal_is_kept_but_not_shown(
    error: type[KeyUnavailableError | RoleRefusedError | TokenRefusedError | TokenUnavailableError],
) -> None:
    """The reason may be a message of AWS, which must be redacted before anybody sees it."""
    refusal = error("arn:aws:iam::123456789012:role/fake")
    assert refusal.reason == "arn:aws:iam::123456789012:role/fake"
    assert str(refusal) == ""
    assert error().reason == ""


def test_response_of_the_provider_is_kept_but_not_shown() -> None:
    refusal = TokenRefusedError("The provider answered with status 401.", "fake-answer")
    assert (refusal.answer, str(refusal)) == ("fake-answer", "")
    assert TokenRefusedError().answer == ""


def test_repeated_request_shows_only_the_id_of_what_it_wrote() -> None:
    assert str(RepeatedRequestError(an_integration(id="01J00000000000000000000000"))) == "01J00000000000000000000000"
