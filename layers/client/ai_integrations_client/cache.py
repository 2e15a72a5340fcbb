"""A cache of resolutions: single-flight fetches, background refresh, and stale-while-error."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

from ai_integrations_client.cache_entry import CacheEntry
from ai_integrations_client.errors import AiIntegrationsClientError, ResolutionError, UnavailableError
from ai_integrations_client.policy import Freshness
from ai_integrations_client.resolve_request import ResolveRequest
from ai_integrations_client.resolved import ResolvedIntegration
from ai_integrations_client.runtime import Runtime

logger = logging.getLogger("ai_integrations_client")

EntryFilter = Callable[[ResolveRequest, ResolvedIntegration | None], bool]


class Cache:
    """Caches the results of `fetch`. At most one fetch per request is in flight, however many threads wait for it."""

    def __init__(
        self, fetch: Callable[[ResolveRequest], ResolvedIntegration], freshness: Freshness, runtime: Runtime
    ) -> None:
        self._fetch = fetch
        self._freshness = freshness
        self._runtime = runtime
        self._entries: dict[ResolveRequest, CacheEntry] = {}
        self._lock = threading.Lock()

    def get(self, request: ResolveRequest) -> ResolvedIntegration:
        """Get a fresh resolution from the cache, or fetch one. Raise ResolutionError or UnavailableError if that fails.

        If a refresh is due, it starts in the background. If the service is unavailable, a stale resolution is returned.
        """
        with self._lock:
            now = self._runtime.clock()
            entry = self._entries.setdefault(request, CacheEntry())
            value, is_fresh = entry.usable_value(now), entry.is_fresh(now)
            if value is not None and not entry.needs_fetch(now):
                return value
            fetch, is_new = entry.join_fetch()
        if is_new:
            self._runtime.spawn(partial(self._run_fetch, request, entry, fetch))
        return value if value is not None and is_fresh else self._wait(request, entry, fetch)

    def mark_stale(self, matches: EntryFilter) -> int:
        """Mark the matching entries as stale, so that their next use fetches them; return their number."""
        with self._lock:
            found = [entry for request, entry in self._entries.items() if matches(request, entry.value)]
            for entry in found:
                entry.mark_stale()
        return len(found)

    def evict(self, matches: EntryFilter) -> int:
        """Evict the matching entries; return their number."""
        with self._lock:
            found = [request for request, entry in self._entries.items() if matches(request, entry.value)]
            for request in found:
                self._entries.pop(request).in_flight = None
        return len(found)

    def _wait(
        self, request: ResolveRequest, entry: CacheEntry, fetch: Future[ResolvedIntegration]
    ) -> ResolvedIntegration:
        with self._lock:
            is_usable = entry.usable_value(self._runtime.clock()) is not None
        try:
            return fetch.result(self._freshness.patience if is_usable else None)
        except UnavailableError as error:
            unavailable = error
        except TimeoutError:
            unavailable = UnavailableError("no response in time", request)
        with self._lock:
            stale = entry.usable_value(self._runtime.clock())
            self._postpone_retry(entry)
        if stale is None:
            raise unavailable
        return stale

    def _run_fetch(self, request: ResolveRequest, entry: CacheEntry, fetch: Future[ResolvedIntegration]) -> None:
        try:
            value = self._fetch(request)
        except AiIntegrationsClientError as error:
            self._handle_failure(request, entry, fetch, error)
            fetch.set_exception(error)
        except Exception as error:  # noqa: BLE001 - threads that wait for the fetch must get every failure
            unavailable = UnavailableError(type(error).__name__, request)
            self._handle_failure(request, entry, fetch, unavailable)
            fetch.set_exception(unavailable)
        else:
            self._handle_success(entry, fetch, value)
            fetch.set_result(value)

    def _handle_success(
        self, entry: CacheEntry, fetch: Future[ResolvedIntegration], value: ResolvedIntegration
    ) -> None:
        with self._lock:
            if entry.in_flight is fetch:
                now = self._runtime.clock()
                entry.store(value, self._freshness.lifetime(now, value.expires_at, self._runtime.random()))
                self._evict_expired(now)

    def _handle_failure(
        self,
        request: ResolveRequest,
        entry: CacheEntry,
        fetch: Future[ResolvedIntegration],
        error: AiIntegrationsClientError,
    ) -> None:
        with self._lock:
            if entry.in_flight is not fetch:  # marked as stale or evicted since the fetch began
                return
            entry.in_flight = None
            self._postpone_retry(entry)
            if isinstance(error, ResolutionError):
                entry.value = None
            if entry.value is None:
                del self._entries[request]
            else:
                logger.warning("A cached resolution could not be refreshed. %s", error)

    def _postpone_retry(self, entry: CacheEntry) -> None:
        retry = self._freshness.jittered(self._freshness.retry, self._runtime.random())
        entry.retry_at = self._runtime.clock() + retry

    def _evict_expired(self, now: float) -> None:
        """Evict expired entries, so that unusable keys do not stay in memory."""
        for request, entry in list(self._entries.items()):
            if entry.in_flight is None and entry.usable_value(now) is None:
                del self._entries[request]
