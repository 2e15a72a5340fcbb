"""The sweep, over lists in memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from ai_integrations.domain.model import Integration, PreviousKey, SecretVersion
from ai_integrations.use_cases.ports import StoredSecret
from ai_integrations.use_cases.sweep import Sweeper, SweepPosition, SweepReport
from tests.builders import NOON, ULID, an_integration

HOUR = timedelta(hours=1)
SECRET = SecretVersion(arn="arn:secret-1", version="version-1")


@dataclass
class Secrets:
    pages: list[list[StoredSecret]] = field(default_factory=lambda: [[]])
    gone: set[str] = field(default_factory=set)
    retired: list[str] = field(default_factory=list)
    revived: list[str] = field(default_factory=list)
    released: list[tuple[str, str]] = field(default_factory=list)

    def page(self, token: str | None) -> tuple[list[StoredSecret], str | None]:
        number = int(token or 0)
        return self.pages[number], str(number + 1) if number + 1 < len(self.pages) else None

    def is_usable(self, arn: str) -> bool:
        return arn not in self.gone

    def schedule_deletion(self, arn: str) -> None:
        self.retired.append(arn)

    def cancel_deletion(self, arn: str) -> None:
        self.revived.append(arn)

    def release_version(self, arn: str, version: str) -> None:
        self.released.append((arn, version))


@dataclass
class Records:
    pages: list[list[Integration]] = field(default_factory=lambda: [[]])
    now: dict[str, Integration] = field(default_factory=dict)

    def page(self, token: str | None) -> tuple[list[Integration], str | None]:
        number = int(token or 0)
        return self.pages[number], str(number + 1) if number + 1 < len(self.pages) else None

    def get(self, account: str, ulid: str) -> Integration | None:
        found = self.now.get(ulid)
        return found if found and found.account == account else None


def a_secret(arn: str = SECRET.arn, **changes: Any) -> StoredSecret:
    values: dict[str, Any] = {"account": "acme", "integration_id": ULID, "changed_at": NOON - HOUR}
    return StoredSecret(arn=arn, **(values | changes))


def swept(
    secrets: Secrets,
    records: Records | None = None,
    *,
    position: SweepPosition | None = None,
    dry_run: bool = False,
    has_time: Callable[[], bool] = lambda: True,
) -> SweepReport:
    records = records or Records()
    sweeper = Sweeper(secrets=secrets, records=records, integrations=records, clock=lambda: NOON, grace=HOUR)
    return sweeper.run(position or SweepPosition(), dry_run=dry_run, has_time=has_time)


def test_retires_a_secret_that_no_integration_names() -> None:
    secrets = Secrets(pages=[[a_secret()], [a_secret("arn:secret-2")]])
    report = swept(secrets)
    assert secrets.retired == report.secrets_without_integration == ["arn:secret-1", "arn:secret-2"]
    assert report.position is None
    assert report.secrets == 2


def test_leaves_a_secret_alone_that_an_integration_names() -> None:
    secrets = Secrets(pages=[[a_secret()]])
    assert swept(secrets, Records(now={ULID: an_integration(secret=SECRET)})).secrets_without_integration == []
    assert secrets.retired == []


def test_leaves_a_former_key_alone() -> None:
    former = PreviousKey(secret=SECRET, usable_until=NOON + HOUR)
    secrets = Secrets(pages=[[a_secret()]])
    named = an_integration(secret=SecretVersion(arn="arn:secret-2", version="v"), previous_key=former)
    assert swept(secrets, Records(now={ULID: named})).secrets_without_integration == []


def test_retires_a_secret_whose_integration_names_another_or_belongs_to_another_account() -> None:
    other = an_integration(secret=SecretVersion(arn="arn:secret-2", version="v"))
    assert swept(Secrets(pages=[[a_secret()]]), Records(now={ULID: other})).secrets_without_integration == [SECRET.arn]
    theirs = an_integration(secret=SECRET, account="umbrella")
    assert swept(Secrets(pages=[[a_secret()]]), Records(now={ULID: theirs})).secrets_without_integration == [SECRET.arn]


def test_leaves_a_secret_alone_whose_integration_may_be_about_to_be_written() -> None:
    secrets = Secrets(pages=[[a_secret(changed_at=NOON - HOUR + timedelta(seconds=1))]])
    assert swept(secrets).secrets_without_integration == []


def test_changes_nothing_in_a_dry_run() -> None:
    secrets = Secrets(pages=[[a_secret()]])
    assert swept(secrets, dry_run=True).secrets_without_integration == [SECRET.arn]
    assert secrets.retired == []


def test_reports_integrations_whose_secret_is_gone() -> None:
    kept, lost = an_integration(secret=SecretVersion(arn="arn:kept", version="v")), an_integration(secret=SECRET)
    records = Records(pages=[[kept], [lost]], now={ULID: lost})
    report = swept(Secrets(gone={SECRET.arn}), records)
    assert report.integrations_without_secret == [f"acme/{ULID}"]
    assert report.integrations == 2


def test_does_not_report_an_integration_that_has_changed_since_it_was_read() -> None:
    before, now = an_integration(secret=SECRET), an_integration(secret=SecretVersion(arn="arn:new", version="v"))
    assert (
        swept(Secrets(gone={SECRET.arn}), Records(pages=[[before]], now={ULID: now})).integrations_without_secret == []
    )
    assert swept(Secrets(gone={SECRET.arn}), Records(pages=[[before]])).integrations_without_secret == []


def test_goes_on_where_the_time_has_ended() -> None:
    secrets = Secrets(pages=[[a_secret()], [a_secret("arn:secret-2")]])
    first = swept(secrets, has_time=once())
    assert first.position == SweepPosition(token="1")
    assert secrets.retired == ["arn:secret-1"]
    second = swept(secrets, position=first.position, has_time=once())
    assert second.position == SweepPosition(part="integrations")
    assert swept(secrets, position=second.position).position is None
    assert secrets.retired == ["arn:secret-1", "arn:secret-2"]


def once() -> Callable[[], bool]:
    answers: Iterator[bool] = iter([True, False])
    return lambda: next(answers)


def test_lets_go_of_versions_that_nobody_names() -> None:
    former = PreviousKey(secret=SecretVersion(arn=SECRET.arn, version="former"), usable_until=NOON + HOUR)
    named = Records(now={ULID: an_integration(secret=SECRET, previous_key=former)})
    secret = a_secret(versions=frozenset({"version-1", "former", "stray"}))
    secrets = Secrets(pages=[[secret]])
    assert swept(secrets, named, dry_run=True).versions_without_integration == [f"{SECRET.arn} stray"]
    assert secrets.released == []
    swept(secrets, named)
    assert (secrets.released, secrets.retired) == ([(SECRET.arn, "stray")], [])


def test_lets_go_of_a_former_key_whose_grace_is_over() -> None:
    former = PreviousKey(secret=SecretVersion(arn=SECRET.arn, version="former"), usable_until=NOON)
    secrets = Secrets(pages=[[a_secret(versions=frozenset({"version-1", "former"}))]])
    swept(secrets, Records(now={ULID: an_integration(secret=SECRET, previous_key=former)}))
    assert secrets.released == [(SECRET.arn, "former")]


def test_leaves_a_version_alone_that_may_be_about_to_be_named() -> None:
    young = a_secret(versions=frozenset({"stray"}), changed_at=NOON - HOUR + timedelta(seconds=1))
    secrets = Secrets(pages=[[young]])
    swept(secrets, Records(now={ULID: an_integration(secret=SECRET)}))
    assert secrets.released == []


def test_keeps_a_secret_whose_integration_comes_back_meanwhile() -> None:
    secrets, records = Secrets(pages=[[a_secret()]]), Records()
    schedule_deletion = secrets.schedule_deletion

    @dataclass
    class Restored(Secrets):
        def schedule_deletion(self, arn: str) -> None:
            schedule_deletion(arn)
            records.now[ULID] = an_integration(secret=SECRET)

    restored = Restored(pages=secrets.pages)
    swept(restored, records)
    assert (secrets.retired, restored.revived) == ([SECRET.arn], [SECRET.arn])
