"""The use cases over fakes, for tests of what they write and in which order."""

from collections.abc import Iterable
from dataclasses import replace

from pydantic import SecretStr

from ai_integrations.domain.model import CredentialChange, Integration, Policy
from ai_integrations.use_cases.integrations import RequestedChange, Rotation
from tests.builders import API_KEY, NOON, ULID, a_caller, the_settings
from tests.fakes import InMemoryKeyStore, InMemoryRepository, RacingRepository, build_integrations

OLD_KEY, NEW_KEY = SecretStr(API_KEY), SecretStr("sk-fake-new-key")
ADMIN = a_caller()


class UseCaseFixture:
    """The use cases over fakes that share one journal of calls. A test may advance the clock, `now`."""

    def __init__(
        self,
        repository: InMemoryRepository | None = None,
        keys: InMemoryKeyStore | None = None,
        *,
        ids: Iterable[str] = (ULID,),
        policy: Policy | None = None,
    ) -> None:
        self.journal: list[str] = []
        self.repository = repository or InMemoryRepository()
        self.keys = keys or InMemoryKeyStore()
        self.repository.journal = self.keys.journal = self.journal
        self.now = NOON
        new_ids = iter(ids)
        self.integrations = build_integrations(
            self.repository,
            self.keys,
            clock=lambda: self.now,
            new_id=lambda _now: next(new_ids),
            policy=policy,
            spaces=self.repository.spaces,
        )

    def stored_integrations(self) -> list[Integration]:
        return list(self.repository.integrations.values())


class ExistingIntegrationFixture(UseCaseFixture):
    """One integration that exists, and changes of it by an admin. The journal begins after its creation."""

    repository: RacingRepository

    def __init__(self, credentials: CredentialChange = OLD_KEY, repository: RacingRepository | None = None) -> None:
        super().__init__(repository or RacingRepository())
        self.original = self.integrations.create(ADMIN, the_settings(), credentials)
        self.journal.clear()

    @property
    def stored(self) -> Integration:
        return self.repository.integrations["acme", ULID]

    @property
    def referenced_key(self) -> str | None:
        """The key that the stored integration references."""
        return self.keys.read_key(self.stored.secret) if self.stored.secret else None

    @property
    def previous_key(self) -> str | None:
        """The previous key of the stored integration."""
        return self.keys.read_key(self.stored.previous_key.secret) if self.stored.previous_key else None

    def rename(self, name: str = "Renamed") -> Integration:
        return self.integrations.update(ADMIN, ULID, RequestedChange(lambda current: replace(current, name=name)))

    def change_credentials(self, change: CredentialChange) -> Integration:
        return self.integrations.update(ADMIN, ULID, RequestedChange(lambda current: current, change))

    def rotate_key(self, rotation: Rotation) -> Integration:
        return self.integrations.rotate_key(ADMIN, ULID, rotation)

    def roll_back_key(self) -> Integration:
        return self.integrations.roll_back_key(ADMIN, ULID)

    def delete(self) -> None:
        self.integrations.delete(ADMIN, ULID)

    def restore(self) -> Integration:
        return self.integrations.restore(ADMIN, ULID)
