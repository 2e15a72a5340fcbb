"""How long resolutions are good for, and what is kept of each."""

from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime

from ai_integrations_client.resolved import ResolvedIntegration

_LONG_AGO = float("-inf")
_SHARE_OF_LIFE = 0.2  # of temporary credentials, at the most, that the margin before their end may take


@dataclass(frozen=True, kw_only=True)
class Life:
    """When a resolution was made, is to be renewed, is no longer fresh, and is no longer usable."""

    made: float = _LONG_AGO
    renewal: float = _LONG_AGO
    freshness: float = _LONG_AGO
    end: float = _LONG_AGO


@dataclass(frozen=True, kw_only=True)
class Freshness:
    """How long a resolution is good for; in seconds, or shares of the TTL.

    `jitter` shortens each TTL by a random share, so that programs that started together do not ask together. From
    `refresh_ahead` of it on, a resolution is renewed in the background. While the source says nothing a resolution is
    served for `max_stale` more, its renewal is tried every `retry`, and a caller waits `patience` for it at the most.
    Temporary credentials are renewed `expiry_margin` before they end, and never served beyond their end.
    """

    ttl: float = 300
    jitter: float = 0.1
    refresh_ahead: float = 0.8
    max_stale: float = 3600
    retry: float = 10
    patience: float = 5
    expiry_margin: float = 300

    def jittered(self, seconds: float, random: float) -> float:
        """Return a time shortened by its random part; `random` is 0 to 1."""
        return seconds * (1 - self.jitter * random)

    def life(self, now: float, expires_at: datetime | None, random: float) -> Life:
        """Return the life of a resolution that was made now."""
        ttl = self.jittered(self.ttl, random)
        end = now + ttl + self.max_stale
        if expires_at is not None:
            end = min(end, expires_at.timestamp())
            margin = min(self.expiry_margin, (end - now) * _SHARE_OF_LIFE)
            ttl = min(ttl, end - margin - now)
        return Life(made=now, renewal=now + ttl * self.refresh_ahead, freshness=now + ttl, end=end)


class Slot:
    """What is kept for one question; every use of it is under the cache's lock."""

    def __init__(self) -> None:
        self.value: ResolvedIntegration | None = None
        self.life = Life()
        self.flight: Future[ResolvedIntegration] | None = None
        self.patient_until = _LONG_AGO

    def board(self) -> tuple[Future[ResolvedIntegration], bool]:
        """Return the question that is on its way to the source, and whether it has yet to be sent."""
        if self.flight is not None:
            return self.flight, False
        self.flight = Future()
        return self.flight, True

    def keep(self, value: ResolvedIntegration, life: Life) -> None:
        """Take in what the source has said."""
        self.flight, self.value, self.life, self.patient_until = None, value, life, _LONG_AGO

    def fresh(self, now: float) -> bool:
        """Tell whether it may be served without a word of the source. A clock that was set back makes it doubtful."""
        return self.value is not None and self.life.made <= now < self.life.freshness

    def usable(self, now: float) -> ResolvedIntegration | None:
        """Return what may be served while the source says nothing."""
        return self.value if now < self.life.end else None

    def due(self, now: float) -> bool:
        """Tell whether the source is to be asked although there is something usable."""
        return now >= self.patient_until and (now >= self.life.renewal or not self.fresh(now))

    def doubt(self) -> None:
        """Ask at the next use, keep the value for when that fails, and let a question on its way not land here."""
        self.flight = None
        self.patient_until = _LONG_AGO
        self.life = Life(end=self.life.end)
