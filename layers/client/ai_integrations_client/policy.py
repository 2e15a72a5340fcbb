"""How long a cached resolution may be used."""

from dataclasses import dataclass
from datetime import datetime

LONG_AGO = float("-inf")
_MAX_MARGIN_SHARE = 0.2  # expiry_margin takes at most this share of the lifetime of credentials


@dataclass(frozen=True, kw_only=True)
class Lifetime:
    """When a resolution was fetched, when to refresh it, when it is stale, and when it must no longer be returned.

    In seconds since the epoch.
    """

    fetched_at: float = LONG_AGO
    refresh_at: float = LONG_AGO
    stale_at: float = LONG_AGO
    expires_at: float = LONG_AGO


@dataclass(frozen=True, kw_only=True)
class Freshness:
    """How long a client caches a resolution. Times are in seconds; `jitter` and `refresh_ahead` are shares of the TTL.

    - `jitter` shortens each TTL by a random share, so that programs that started together do not refresh together.
    - After `refresh_ahead` of the TTL, the resolution is refreshed in the background.
    - While the service is unavailable, a stale resolution is returned for up to `max_stale` after the TTL. A refresh is
      tried every `retry`, and a caller waits for it at most `patience`.
    - AWS credentials and access tokens are refreshed `expiry_margin` before they expire, and never returned after that.
    """

    ttl: float = 300
    jitter: float = 0.1
    refresh_ahead: float = 0.8
    max_stale: float = 3600
    retry: float = 10
    patience: float = 5
    expiry_margin: float = 300

    def jittered(self, seconds: float, random: float) -> float:
        """Shorten a time by its random part; `random` is from 0 to 1."""
        return seconds * (1 - self.jitter * random)

    def lifetime(self, now: float, credentials_expire_at: datetime | None, random: float) -> Lifetime:
        """Compute the lifetime of a resolution that was fetched now."""
        ttl = self.jittered(self.ttl, random)
        expires_at = now + ttl + self.max_stale
        if credentials_expire_at is not None:
            expires_at = min(expires_at, credentials_expire_at.timestamp())
            margin = min(self.expiry_margin, (expires_at - now) * _MAX_MARGIN_SHARE)
            ttl = min(ttl, expires_at - margin - now)
        return Lifetime(
            fetched_at=now, refresh_at=now + ttl * self.refresh_ahead, stale_at=now + ttl, expires_at=expires_at
        )
