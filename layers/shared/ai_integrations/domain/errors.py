"""The domain's errors. `contracts/problems.py` maps each one to a status and a message."""

from typing import NamedTuple, Self

from ai_integrations.domain.model import Integration


class FieldError(NamedTuple):
    """A problem with one field. `pointer` is a JSON pointer (RFC 6901). Neither part repeats the input."""

    pointer: str
    detail: str


class AiIntegrationsError(Exception):
    """Base class of everything that this service rejects or fails to do."""


class FieldsError(AiIntegrationsError):
    """Base class of errors that list invalid fields."""

    def __init__(self, *errors: FieldError) -> None:
        self.errors = errors

    def with_prefix(self, pointer: str) -> Self:
        """Copy the error for a request that contains the checked object at `pointer`."""
        return type(self)(*(FieldError(pointer + each.pointer, each.detail) for each in self.errors))


class InvalidRequestError(FieldsError):
    """Malformed request (400)."""


class RuleViolationError(FieldsError):
    """Well-formed request that breaks a rule (422)."""


class AccessKeyNotFoundError(AiIntegrationsError):
    """The account has no such access key."""


class AccessForbiddenError(AiIntegrationsError):
    """The caller lacks the permission for this operation."""


class NotFoundError(AiIntegrationsError):
    """The resource does not exist, or the caller may not see it."""


class VersionConflictError(AiIntegrationsError):
    """Optimistic-locking conflict: the stored version differs from the expected one."""


class KeyUnavailableError(AiIntegrationsError):
    """The integration exists, but its key cannot be used: it was deleted, or its external secret is not acceptable."""

    def __init__(self, reason: str = "") -> None:
        """`reason` describes the problem to a caller who names an external secret."""
        super().__init__()
        self.reason = reason


class KeyTestFailedError(AiIntegrationsError):
    """The key could not be verified: the connection test did not complete."""


class NoKeyToRotateError(AiIntegrationsError):
    """The integration has no key that this service stores: it has none, or it references an external secret."""


class NoPreviousKeyError(AiIntegrationsError):
    """There is no key to roll back to: nothing was rotated, or the grace period has ended."""


class RoleRefusedError(AiIntegrationsError):
    """AWS rejected sts:AssumeRole for the integration's role."""

    def __init__(self, reason: str = "") -> None:
        """`reason` is AWS's own message: redact it before showing it to a caller."""
        super().__init__()
        self.reason = reason


class TokenRefusedError(AiIntegrationsError):
    """AWS issued no identity token, or the provider rejected it."""

    def __init__(self, reason: str = "", answer: str = "") -> None:
        """`reason` names who refused, for admins and operators. It contains nothing of the provider's response.

        `answer` is that response, redacted. It is for admins only, and never logged: redaction finds no token that a
        provider takes apart.
        """
        super().__init__()
        self.reason = reason
        self.answer = answer


class TokenUnavailableError(AiIntegrationsError):
    """Base class of temporary failures of the token exchange."""

    def __init__(self, reason: str = "") -> None:
        """`reason` names what failed. It contains nothing of the provider's response."""
        super().__init__()
        self.reason = reason


class TokenNotIssuedError(TokenUnavailableError):
    """AWS STS or the provider did not issue a token: a timeout, or an error of theirs."""


class ExchangeFailedError(TokenUnavailableError):
    """The function that exchanges tokens did not respond."""


class FederationOffError(AiIntegrationsError):
    """The integration is federated, but this stack exchanges no tokens."""


class FederationTakenError(AiIntegrationsError):
    """An integration of another account names the same identity at the provider."""


class NoGrantError(FieldsError):
    """No account, or not the named one, has granted the principal access, or the grant has expired."""

    def __init__(self, *errors: FieldError, account: str | None = None) -> None:
        """`account` is the one without a valid grant, if there is only one."""
        super().__init__(*errors)
        self.account = account


class AuditLogOffError(AiIntegrationsError):
    """The service keeps no audit log."""


class SenderNotFoundError(AiIntegrationsError):
    """The account has no such sender."""


class UnregisteredSenderError(AiIntegrationsError):
    """The sender of an event or the stack is not registered for the account."""


class ConsumerChangedError(AiIntegrationsError):
    """The stored version of a consumer differs from the one that the caller expects."""


class ConsumerExistsError(AiIntegrationsError):
    """The account has already granted this principal access."""


class NameTakenError(AiIntegrationsError):
    """Another integration of the account has this name, ignoring case."""


class RoleTakenError(AiIntegrationsError):
    """An integration of another account names the same IAM role."""


class IdempotencyKeyReusedError(AiIntegrationsError):
    """The idempotency key was already used with a different request body."""


class ContentionError(AiIntegrationsError):
    """Concurrent writes prevented this one on every attempt. Nothing was written."""


class RepeatedRequestError(Exception):
    """The request was already applied: same idempotency key, same body. `first` is what it wrote.

    Not an AiIntegrationsError, because use cases turn it into the original response.
    """

    def __init__(self, first: Integration) -> None:
        super().__init__(first.id)
        self.first = first


# Raised for a write that the store rejected: nothing was written.
REJECTIONS = (
    NameTakenError,
    RoleTakenError,
    FederationTakenError,
    RepeatedRequestError,
    IdempotencyKeyReusedError,
    VersionConflictError,
    ContentionError,
)

IdempotencyConflict = RepeatedRequestError | IdempotencyKeyReusedError
