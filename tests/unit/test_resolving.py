"""`key_access/resolve.py`: who gets which key, on fakes; other writers get in between."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from ai_integrations.domain.credentials import ReadKey, TemporaryCredentials
from ai_integrations.domain.errors import KeyUnavailableError, NotFoundError
from ai_integrations.domain.model import (
    Caller,
    Integration,
    Membership,
    PreviousKey,
    Role,
    Scoping,
    SecretVersion,
    Space,
)
from ai_integrations.key_access.resolve import CredentialResolver
from tests.builders import NOON, ULID, an_integration
from tests.fakes import InMemoryRepository, InMemorySpaces

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:stack/acme/x"
OLD, NEW = SecretVersion(arn=ARN, version="old"), SecretVersion(arn=ARN, version="new")
REFERENCE = SecretVersion(arn="arn:aws:secretsmanager:eu-central-1:123456789012:secret:theirs", version=None)
GRACE = timedelta(hours=1)


@dataclass
class Keys:
    """A vault whose keys say in themselves which secret and version they are."""

    gone: set[SecretVersion] = field(default_factory=set)
    before_reading: Callable[[], None] = lambda: None
    reads: int = 0

    def read(self, integration: Integration, secret: SecretVersion) -> ReadKey:  # noqa: ARG002 - the port's signature
        self.reads += 1
        self.before_reading()
        if secret in self.gone:
            raise KeyUnavailableError
        version = secret.version or "theirs-1"
        return ReadKey(value=SecretStr(f"sk-fake-{version}"), version=version)


@dataclass
class Roles:
    """A token service that remembers for whom it was asked."""

    asked: list[tuple[str, str]] = field(default_factory=list)

    def assume(self, integration: Integration, consumer: str) -> TemporaryCredentials:
        self.asked.append((integration.id, consumer))
        secret = SecretStr("fake")
        return TemporaryCredentials(
            access_key_id="fake", secret_access_key=secret, session_token=secret, expires_at=NOON + GRACE
        )


class World:
    def __init__(self, **changes: Any) -> None:
        self.repository, self.directory, self.keys, self.roles = (
            InMemoryRepository(),
            InMemorySpaces(),
            Keys(),
            Roles(),
        )
        self.now = NOON
        self.integration = an_integration(**{"secret": NEW, **changes})
        self.repository.insert(self.integration, None)
        self.resolver = CredentialResolver(
            integrations=self.repository,
            directory=self.directory,
            reader=self.keys,
            roles=self.roles,
            clock=lambda: self.now,
        )

    def change(self, **changes: Any) -> None:
        changed = replace(self.integration, version=self.integration.version + 1, **changes)
        self.repository.update(self.integration, changed)
        self.integration = changed

    def key(self, key_version: str | None = None) -> str | None:
        key = self.resolver.by_name(a_program(), "Production OpenAI", key_version).key
        return key.value.get_secret_value() if key else None


def a_program(organization: str | None = None, space: str | None = None, account: str = "acme") -> Caller:
    place = Membership(organization_id=organization, space_id=space)
    return Caller(account=account, user="billing-job", role=Role.READER, memberships=(place,))


def test_resolves_by_id_and_by_name_whatever_its_case() -> None:
    world = World()
    by_id = world.resolver.by_id(a_program(), ULID)
    assert by_id == world.resolver.by_name(a_program(), "  production OPENAI ")
    assert by_id.integration == world.integration
    assert by_id.key == ReadKey(value=SecretStr("sk-fake-new"), version="new")
    assert by_id.credentials is None


@pytest.mark.parametrize("name", ["Staging OpenAI", "Production", ""])
def test_has_nothing_under_another_name(name: str) -> None:
    with pytest.raises(NotFoundError):
        World().resolver.by_name(a_program(), name)


def test_has_nothing_of_another_account() -> None:
    world = World()
    with pytest.raises(NotFoundError):
        world.resolver.by_id(a_program(account="other"), ULID)
    with pytest.raises(NotFoundError):
        world.resolver.by_name(a_program(account="other"), "Production OpenAI")


@pytest.mark.parametrize(
    ("scoping", "organization", "space", "visible"),
    [
        (Scoping(), None, None, True),
        (Scoping(), "o", "s", True),
        (Scoping(space_id="s"), None, "s", True),
        (Scoping(space_id="s"), None, None, False),
        (Scoping(space_id="s"), None, "t", False),
        (Scoping(space_id="s"), "s", None, False),
        (Scoping(organization_id="o"), "o", None, True),
        (Scoping(organization_id="o"), None, None, False),
        (Scoping(organization_id="o"), "p", "s", False),
        (Scoping(organization_id="o", space_id="s"), "o", None, False),
        (Scoping(organization_id="o", space_id="s"), None, "s", True),
        # The directory knows that space `home` is in organization `o`.
        (Scoping(organization_id="o"), None, "home", True),
        (Scoping(organization_id="o"), "p", "home", False),
        (Scoping(organization_id="p"), None, "home", False),
        (Scoping(organization_id="o"), None, "unknown", False),
    ],
)
def test_shows_a_program_what_its_place_sees(
    scoping: Scoping, organization: str | None, space: str | None, *, visible: bool
) -> None:
    world = World(scopings=(scoping,))
    world.directory.register(Space(account="acme", id="home", organization_id="o"))
    world.directory.register(Space(account="other", id="unknown", organization_id="o"))
    program = a_program(organization, space)
    if visible:
        assert world.resolver.by_id(program, ULID).integration == world.integration
    else:
        with pytest.raises(NotFoundError):
            world.resolver.by_id(program, ULID)
        assert world.keys.reads == 0


def test_hands_out_an_integration_that_has_no_key() -> None:
    assert World(secret=None).key() is None


def test_hands_out_the_present_key_by_its_version_too() -> None:
    assert World().key("new") == "sk-fake-new"


def test_hands_out_the_key_before_by_its_version_while_its_grace_lasts() -> None:
    world = World(previous_key=PreviousKey(secret=OLD, usable_until=NOON + GRACE))
    assert world.key() == "sk-fake-new"
    assert world.key("old") == "sk-fake-old"
    world.now = NOON + GRACE - timedelta(microseconds=1)
    assert world.key("old") == "sk-fake-old"
    world.now = NOON + GRACE
    with pytest.raises(KeyUnavailableError):
        world.key("old")
    assert world.key() == "sk-fake-new"


@pytest.mark.parametrize("changes", [{}, {"secret": None}, {"secret": REFERENCE}])
def test_has_no_key_of_a_version_that_is_not_named(changes: dict[str, Any]) -> None:
    with pytest.raises(KeyUnavailableError):
        World(**changes).key("old")


def test_hands_out_the_present_key_of_somebody_elses_secret_by_its_version() -> None:
    world = World(secret=REFERENCE)
    assert world.key() == world.key("theirs-1") == "sk-fake-theirs-1"


def test_hands_out_the_new_key_when_the_one_before_is_let_go_while_it_is_read() -> None:
    world = World(secret=OLD)

    def rotate() -> None:
        world.keys.before_reading = lambda: None
        world.keys.gone.add(OLD)
        world.change(secret=NEW)

    world.keys.before_reading = rotate
    assert world.key() == "sk-fake-new"
    assert world.keys.reads == 2


def test_is_not_there_when_it_is_hidden_while_its_key_is_read() -> None:
    world = World(secret=OLD)
    world.keys.gone.add(OLD)
    world.keys.before_reading = lambda: world.change(scopings=(Scoping(space_id="s"),))
    with pytest.raises(NotFoundError):
        world.key()


def test_says_that_a_key_is_gone_after_a_second_look() -> None:
    world = World(secret=OLD)
    world.keys.gone.add(OLD)
    with pytest.raises(KeyUnavailableError):
        world.key()
    assert world.keys.reads == 1


def test_assumes_a_role_for_bedrock_alone_and_beside_a_key() -> None:
    bedrock = World(provider="AWS_BEDROCK", provider_metadata={"role_arn": "arn:aws:iam::123456789012:role/r"})
    resolved = bedrock.resolver.by_id(a_program(), ULID)
    assert resolved.credentials is not None
    assert resolved.key is not None
    assert bedrock.roles.asked == [(ULID, "billing-job")]
    others = World(provider="VERTEX_AI")
    assert others.resolver.by_id(a_program(), ULID).credentials is None
    assert others.roles.asked == []
