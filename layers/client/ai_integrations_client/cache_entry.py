"""The cache entry of one request: its resolution, and the fetch that is in flight."""

from concurrent.futures import Future

from ai_integrations_client.policy import LONG_AGO, Lifetime
from ai_integrations_client.resolved import ResolvedIntegration


class CacheEntry:
    """The state of one entry. Callers hold the cache's lock."""

    def __init__(self) -> None:
        self.value: ResolvedIntegration | None = None
        self.lifetime = Lifetime()
        self.in_flight: Future[ResolvedIntegration] | None = None
        self.retry_at = LONG_AGO

    def join_fetch(self) -> tuple[Future[ResolvedIntegration], bool]:
        """Join the fetch that is in flight, or begin one; the second value shows whether it is new (single-flight)."""
        if self.in_flight is not None:
            return self.in_flight, False
        self.in_flight = Future()
        return self.in_flight, True

    def store(self, value: ResolvedIntegration, lifetime: Lifetime) -> None:
        """Store a fetched resolution."""
        self.in_flight, self.value, self.lifetime, self.retry_at = None, value, lifetime, LONG_AGO

    def is_fresh(self, now: float) -> bool:
        """Check whether the value may be returned without a fetch. If the clock was set back, it is stale."""
        return self.lifetime.fetched_at <= now < self.lifetime.stale_at

    def usable_value(self, now: float) -> ResolvedIntegration | None:
        """Get the value if it may be used while the service is unavailable (stale-while-error), or None."""
        return self.value if now < self.lifetime.expires_at else None

    def needs_fetch(self, now: float) -> bool:
        """Check whether a fetch is due although the value is usable."""
        return now >= self.retry_at and (now >= self.lifetime.refresh_at or not self.is_fresh(now))

    def mark_stale(self) -> None:
        """Require a fetch at the next use. The value is kept in case that fails; a fetch in flight is ignored."""
        self.in_flight = None
        self.retry_at = LONG_AGO
        self.lifetime = Lifetime(expires_at=self.lifetime.expires_at)
