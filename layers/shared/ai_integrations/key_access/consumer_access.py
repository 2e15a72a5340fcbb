"""Find integrations for consumers, whose identity AWS attests. Grants decide what they may resolve."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from ai_integrations.domain.consumers import Consumer
from ai_integrations.domain.errors import FieldError, NoGrantError, RuleViolationError
from ai_integrations.domain.model import Integration
from ai_integrations.domain.principals import Principal
from ai_integrations.key_access.resolve import Access

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import GrantedIntegrations

_KNOWN_FOR = timedelta(seconds=45)
_MAX_KNOWN = 1_000  # principals

Read = Callable[[str], tuple[Consumer | None, Integration | None]]


class _Known(NamedTuple):
    accounts: tuple[str, ...]
    until: datetime


class ConsumerAccess:
    """Finds what principals may resolve. A request may name an account, which can only narrow.

    The accounts of a principal are remembered for 45 seconds, to know which grant to read. The grant itself is read
    for each request, so a revocation takes effect at once.
    """

    def __init__(self, granted: "GrantedIntegrations", clock: Callable[[], datetime]) -> None:
        """`clock` returns an aware UTC time."""
        self._granted = granted
        self._clock = clock
        self._known: dict[str, _Known] = {}

    def get(self, principal: Principal, account: str | None, ulid: str) -> Access:
        """Find an integration by its ULID. Raise NoGrantError, or RuleViolationError if several accounts are possible.

        Without an integration in the result, there is none, or the grant does not include it.
        """
        return self._access(principal, account, lambda each: self._granted.get(principal, each, ulid))

    def find(self, principal: Principal, account: str | None, name: str) -> Access:
        """Find an integration by its name; otherwise like `get`."""
        return self._access(principal, account, lambda each: self._granted.find(principal, each, name))

    def _access(self, principal: Principal, account: str | None, read: Read) -> Access:
        if account is not None:
            return self._allowed(principal, *read(account))
        known = self._known.get(principal.identity)
        if known is not None and self._clock() < known.until:
            try:
                return self._allowed(principal, *read(_only(known.accounts)))
            except NoGrantError:
                del self._known[principal.identity]
        return self._allowed(principal, *read(_only(self._learn(principal))))

    def _learn(self, principal: Principal) -> tuple[str, ...]:
        accounts = self._granted.accounts(principal)
        if not accounts:
            raise _no_grant(principal)
        if len(self._known) >= _MAX_KNOWN:
            self._known.clear()
        self._known[principal.identity] = _Known(accounts, self._clock() + _KNOWN_FOR)
        return accounts

    def _allowed(self, principal: Principal, consumer: Consumer | None, integration: Integration | None) -> Access:
        if consumer is None or not consumer.is_valid(self._clock()):
            raise _no_grant(principal)
        is_included = integration is not None and consumer.grant.includes(integration.id)
        return Access(integration if is_included else None, viewer=consumer.viewer(principal.name))


def _only(accounts: tuple[str, ...]) -> str:
    if len(accounts) > 1:
        names = ", ".join(sorted(accounts))
        raise RuleViolationError(
            FieldError("/account", f"Several accounts have granted you access. Name one of them: {names}.")
        )
    return accounts[0]


def _no_grant(principal: Principal) -> NoGrantError:
    return NoGrantError(
        FieldError(
            "", f"Ask an admin of the account to send {principal.arn} to POST /v2/consumers, or to renew its grant."
        )
    )
