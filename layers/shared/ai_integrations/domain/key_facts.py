"""What an owner of a key asks about it: its kind, its age and its use."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from ai_integrations.domain.model import Integration


class KeyKind(StrEnum):
    """What consumers of an integration authenticate with."""

    STORED = "stored"
    REFERENCED = "referenced"
    FEDERATED = "federated"
    ROLE = "role"
    NONE = "none"

    @classmethod
    def of(cls, integration: Integration) -> "KeyKind":
        """Determine the kind. A key comes before a role, which an integration may have beside it."""
        secret, federation, role = integration.credentials
        if secret is not None:
            return cls.STORED if secret.is_owned else cls.REFERENCED
        if federation is not None:
            return cls.FEDERATED
        return cls.NONE if role is None else cls.ROLE


class Usage(NamedTuple):
    """How many consumers used an integration within the ledger's retention, and when one did so last."""

    consumers: int = 0
    last_used_at: datetime | None = None


class KeyFacts(NamedTuple):
    """The facts of an integration's key at the time `now`.

    A key is overdue from an age of `max_age_days` days; 0 is no limit.
    """

    integration: Integration
    usage: Usage
    now: datetime
    max_age_days: int

    @property
    def kind(self) -> KeyKind:
        """What consumers authenticate with."""
        return KeyKind.of(self.integration)

    @property
    def age(self) -> timedelta | None:
        """How long ago the key was set, or None unless it is stored: other credentials are renewed elsewhere."""
        if self.kind is not KeyKind.STORED:
            return None
        return max(self.now - self.integration.last_credentials_set.at, timedelta())

    @property
    def is_overdue(self) -> bool:
        """Whether the key has reached the limit."""
        return self.max_age_days > 0 and self.is_as_old_as(self.max_age_days)

    @property
    def previous_key_usable_until(self) -> datetime | None:
        """When the grace period of the previous key ends, or None outside a grace period."""
        previous = self.integration.previous_key
        return previous.usable_until if previous and previous.usable_until > self.now else None

    def is_as_old_as(self, days: int) -> bool:
        """Check whether a stored key was set at least that many days ago."""
        return self.age is not None and self.age >= timedelta(days=days)

    def is_unused_for(self, days: int) -> bool:
        """Check whether the last use, or without any the setting of the credentials, is at least that many days ago."""
        since = self.usage.last_used_at or self.integration.last_credentials_set.at
        return self.kind is not KeyKind.NONE and self.now - since >= timedelta(days=days)
