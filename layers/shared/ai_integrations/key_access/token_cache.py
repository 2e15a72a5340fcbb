"""Access tokens of federated integrations, cached in memory (docs/adr/0046)."""

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Literal, NamedTuple

from ai_integrations.domain.credentials import AccessToken
from ai_integrations.domain.model import Integration

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import TokenExchanger

MAX_ENTRIES = 1_000  # tokens, a few kilobytes each
_LONGEST_MARGIN = timedelta(minutes=10)
_SHARE_OF_LIFETIME = 3

_Key = tuple[str, str, int]


class IssuedToken(NamedTuple):
    """An access token and where it comes from: a new exchange, or the cache."""

    token: AccessToken
    source: Literal["exchange", "cache"]


class _Entry(NamedTuple):
    token: AccessToken
    reusable_until: datetime


class TokenCache:
    """Exchanges tokens, and reuses each one for the same version of its integration.

    Threads that need the same token share one exchange. If it fails, all of them get its error, and the next request
    tries again.
    """

    def __init__(
        self, exchanger: "TokenExchanger", clock: Callable[[], datetime], *, max_entries: int = MAX_ENTRIES
    ) -> None:
        """`clock` returns an aware UTC time."""
        self._exchanger = exchanger
        self._clock = clock
        self._max_entries = max_entries
        self._lock = Lock()
        self._entries: OrderedDict[_Key, _Entry] = OrderedDict()  # the most recently used one last
        self._exchanges: dict[_Key, Future[AccessToken]] = {}

    def get(self, integration: Integration) -> IssuedToken:
        """Return a token. Raise TokenRefusedError or TokenUnavailableError if the exchange fails."""
        key = (integration.account, integration.id, integration.version)
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None and self._clock() < entry.reusable_until:
                self._entries.move_to_end(key)
                return IssuedToken(entry.token, source="cache")
            running = self._exchanges.get(key)
            exchange = self._exchanges.setdefault(key, Future())
        if running is None:
            self._complete(exchange, key, integration)
        return IssuedToken(exchange.result(), source="exchange")

    def _complete(self, exchange: "Future[AccessToken]", key: _Key, integration: Integration) -> None:
        """Exchange a token for all threads that wait for it."""
        try:
            token = self._exchanger.exchange(integration)
        except BaseException as error:  # noqa: BLE001 - `result` raises it in every waiting thread
            with self._lock:
                del self._exchanges[key]
            exchange.set_exception(error)
        else:
            with self._lock:
                self._store(key, token)
                del self._exchanges[key]
            exchange.set_result(token)

    def _store(self, key: _Key, token: AccessToken) -> None:
        now = self._clock()
        for stale in [each for each, entry in self._entries.items() if entry.reusable_until <= now]:
            del self._entries[stale]
        self._entries[key] = _Entry(token, token.expires_at - reuse_margin(token.expires_at - now))
        if len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)


def reuse_margin(lifetime: timedelta) -> timedelta:
    """Return how much of a token's lifetime must be left for its reuse: a third, at most ten minutes."""
    return min(_LONGEST_MARGIN, lifetime / _SHARE_OF_LIFETIME)
