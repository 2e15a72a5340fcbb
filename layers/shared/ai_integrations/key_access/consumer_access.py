"""Find integrations for consumers, whose identity AWS attests. Grants decide what they may resolve."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from ai_integrations.domain.consumers import Consumer
from ai_integrations.domain.errors import FieldError, InvalidRequestError, NoGrantError
from ai_integrations.domain.model import Integration
from ai_integrations.domain.principals import Principal
from ai_integrations.key_access.resolve import Access

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import GrantedIntegrations

_HINT_LIFETIME = timedelta(seconds=45)
_MAX_HINTS = 1_000  # principals

Read = Callable[[str], tuple[Consumer | None, Integration | None]]


class _Hint(NamedTuple):
    account: str
    until: datetime


class ConsumerAccess:
    """Finds what principals may resolve. A request may name an account, which can only narrow.

    The only account of a principal is kept for 45 seconds, as a hint which grant to read. The grant itself is read for
    each request, so a revocation takes effect at once. A grant of a second account may take effect after 45 seconds.
    """

    def __init__(self, granted: "GrantedIntegrations", clock: Callable[[], datetime]) -> None:
        """`clock` returns an aware UTC time."""
        self._granted = granted
        self._clock = clock
        self._hints: dict[str, _Hint] = {}

    def get(self, principal: Principal, account: str | None, ulid: str) -> Access:
        """Find an integration by its ULID. Without one in the result, there is none, or the grant excludes it.

        Raise NoGrantError, or InvalidRequestError if several accounts are possible.
        """
        return self._access(principal, account, lambda each: self._granted.get(principal, each, ulid))

    def find(self, principal: Principal, account: str | None, name: str) -> Access:
        """Find an integration by its name; otherwise like `get`."""
        return self._access(principal, account, lambda each: self._granted.find(principal, each, name))

    def _access(self, principal: Principal, account: str | None, read: Read) -> Access:
        if account is not None:
            return self._allowed(principal, account, *read(account))
        hint = self._hints.get(principal.identity)
        if hint is not None and self._clock() < hint.until:
            try:
                return self._allowed(principal, hint.account, *read(hint.account))
            except NoGrantError:
                del self._hints[principal.identity]
        found = self._find_account(principal)
        return self._allowed(principal, found, *read(found))

    def _find_account(self, principal: Principal) -> str:
        now, consumers = self._clock(), self._granted.consumers(principal)
        accounts = sorted(each.account for each in consumers if each.is_valid(now))
        if not accounts:
            raise _no_grant(principal, consumers[0].account if len(consumers) == 1 else None)
        if len(accounts) > 1:
            names = ", ".join(accounts)
            detail = f"Several accounts have granted you access. Name one of them: {names}."
            raise InvalidRequestError(FieldError("/account", detail))
        if len(self._hints) >= _MAX_HINTS:
            self._hints.clear()
        self._hints[principal.identity] = _Hint(accounts[0], now + _HINT_LIFETIME)
        return accounts[0]

    def _allowed(
        self, principal: Principal, account: str, consumer: Consumer | None, integration: Integration | None
    ) -> Access:
        if consumer is None or not consumer.is_valid(self._clock()):
            raise _no_grant(principal, account)
        is_included = integration is not None and consumer.grant.includes(integration.id)
        return Access(integration if is_included else None, viewer=consumer.viewer(principal.name))


def _no_grant(principal: Principal, account: str | None) -> NoGrantError:
    detail = f"Ask an admin of the account to send {principal.arn} to POST /v2/consumers, or to renew its grant."
    return NoGrantError(FieldError("", detail), account=account)
