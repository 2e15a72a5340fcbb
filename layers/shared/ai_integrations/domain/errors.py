"""What can go wrong, in the domain's terms; `http/problem.py` says which status each error becomes.

AiIntegrationsError
├── InvalidRequestError            the request has not the form that was agreed
├── RuleViolationError             well-formed, but it breaks a rule
├── AccessKeyNotFoundError         the account never had this access key
├── AccessForbiddenError           the caller may not do this
├── NotFoundError                  there is no such thing, or the caller may not see it
├── KeyUnavailableError            there is an integration, but not the key that is asked for
├── RoleRefusedError               AWS does not let the service assume the integration's role
├── KeyTestFailedError             nobody can tell whether the provider takes a key
├── NoKeyToRotateError             the integration has no key of its own
├── NoPreviousKeyError               there is no key to go back to, or not any more
├── NameTakenError                 another integration of the account has the name
├── IdempotencyKeyReusedError      the key came before, with another body
├── VersionConflictError           the integration is not, or no longer, of the version that was meant
└── ContentionError                other writes of the same items kept getting in the way; nothing was written

RepeatedRequestError stands beside the tree: the use cases turn it into the first request's answer.
"""

from typing import NamedTuple, Self

from ai_integrations.domain.model import Integration


class FieldError(NamedTuple):
    """What is wrong with one field. `pointer` is a JSON pointer (RFC 6901); neither part repeats the input."""

    pointer: str
    detail: str


class AiIntegrationsError(Exception):
    """Anything that this service refuses or fails to do."""


class FieldsError(AiIntegrationsError):
    """Fields of the request are at fault."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__(*errors)
        self.errors = errors

    def below(self, pointer: str) -> Self:
        """Return the same error for a request that holds at `pointer` what was judged."""
        return type(self)(*(FieldError(pointer + each.pointer, each.detail) for each in self.errors))


class InvalidRequestError(FieldsError):
    """The request has not the form that was agreed: 400."""


class RuleViolationError(FieldsError):
    """The request is well-formed and breaks a rule: 422."""


class AccessKeyNotFoundError(AiIntegrationsError):
    """The account never had this access key."""


class AccessForbiddenError(AiIntegrationsError):
    """The caller may not do this."""


class NotFoundError(AiIntegrationsError):
    """There is no such thing, or the caller may not see it."""


class VersionConflictError(AiIntegrationsError):
    """The integration is not, or no longer, of the version that was meant."""


class KeyUnavailableError(AiIntegrationsError):
    """There is an integration, but not the key that is asked for: it is gone, or not for this account any more."""


class KeyTestFailedError(AiIntegrationsError):
    """Nobody can tell whether the provider takes a key: its test has not come to an end."""


class NoKeyToRotateError(AiIntegrationsError):
    """The integration has no key of its own: it has none, or one that somebody else keeps and rotates."""


class NoPreviousKeyError(AiIntegrationsError):
    """There is no key to go back to, or not any more."""


class RoleRefusedError(AiIntegrationsError):
    """AWS does not let the service assume the integration's role: the role's owner decides whom it trusts."""

    def __init__(self, said: str = "") -> None:
        """`said` is in AWS's words, not to be shown as they are."""
        super().__init__()
        self.said = said


class NameTakenError(AiIntegrationsError):
    """Another integration of the account has the name, whatever its case."""


class IdempotencyKeyReusedError(AiIntegrationsError):
    """The idempotency key came before, with another body."""


class RepeatedRequestError(Exception):
    """The idempotency key came before, with the same body: carries what that request made."""

    def __init__(self, first: Integration) -> None:
        super().__init__(first.id)
        self.first = first


class ContentionError(AiIntegrationsError):
    """Other writes of the same items kept getting in the way; nothing was written."""
