"""`key_access/resolve.py` on fakes: visibility, key versions, and changes during a resolution."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from ai_integrations.domain.credentials import ReadKey, TemporaryCredentials
from ai_integrations.domain.errors import (
    AiIntegrationsError,
    FederationOffError,
    InvalidRequestError,
    KeyUnavailableError,
    NoGrantError,
    NotFoundError,
    RoleRefusedError,
    TokenRefusedError,
    TokenUnavailableError,
)
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
from ai_integrations.domain.refusals import Refusal
from ai_integrations.domain.uses import Use, UsedBy
from ai_integrations.key_access.credential_reader import CredentialReader
from ai_integrations.key_access.federation_off import FederationOff
from ai_integrations.key_access.messages import resolution_view
from ai_integrations.key_access.resolve import Access, Asked, CredentialResolver
from ai_integrations.key_access.token_cache import TokenCache
from ai_integrations.use_cases.ports import TokenExchanger
from ai_integrations.use_cases.visibility import Visibility
from tests.builders import ACCESS_TOKEN, FEDERATIONS, NOON, ULID, an_integration
from tests.fakes import (
    FakeTokenExchanger,
    InMemoryRefusals,
    InMemoryRepository,
    InMemorySpaces,
    InMemoryUses,
    build_ledger,
)

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:stack/acme/x"
OLD, NEW = SecretVersion(arn=ARN, version="old"), SecretVersion(arn=ARN, version="new")
EXTERNAL = SecretVersion(arn="arn:aws:secretsmanager:eu-central-1:123456789012:secret:external", version=None)
GRACE = timedelta(hours=1)


@dataclass
class FakeKeyReader:
    """Returns keys whose text contains their version."""

    deleted: set[SecretVersion] = field(default_factory=set)
    before_reading: Callable[[], None] = lambda: None
    reads: int = 0

    def read(self, integration: Integration, secret: SecretVersion) -> ReadKey:  # noqa: ARG002 - the port's signature
        self.reads += 1
        self.before_reading()
        if secret in self.deleted:
            raise KeyUnavailableError
        version = secret.version or "external-1"
        return ReadKey(value=SecretStr(f"sk-fake-{version}"), version=version)


@dataclass
class FakeRoleAssumer:
    """Records each integration and consumer for which a role was assumed."""

    assumed: list[tuple[str, str]] = field(default_factory=list)

    def assume(self, integration: Integration, consumer: str) -> TemporaryCredentials:
        self.assumed.append((integration.id, consumer))
        secret = SecretStr("fake")
        return TemporaryCredentials(
            access_key_id="fake", secret_access_key=secret, session_token=secret, expires_at=NOON + GRACE
        )


class ResolverFixture:
    def __init__(self, exchanger: TokenExchanger | None = None, **changes: Any) -> None:
        self.repository, self.directory, self.keys, self.roles = (
            InMemoryRepository(),
            InMemorySpaces(),
            FakeKeyReader(),
            FakeRoleAssumer(),
        )
        self.uses, self.refusals = InMemoryUses(), InMemoryRefusals()
        self.now = NOON
        self.exchanger = FakeTokenExchanger(clock=lambda: self.now)
        self.integration = an_integration(**{"secret": NEW, **changes})
        self.repository.insert(self.integration, None)
        self.resolver = CredentialResolver(
            integrations=self.repository,
            visibility=Visibility(self.directory),
            credentials=CredentialReader(
                keys=self.keys,
                roles=self.roles,
                tokens=TokenCache(exchanger or self.exchanger, lambda: self.now),
                clock=lambda: self.now,
            ),
            ledger=build_ledger(self.uses, self.refusals, clock=lambda: self.now),
        )

    def change(self, **changes: Any) -> None:
        changed = replace(self.integration, version=self.integration.version + 1, **changes)
        self.repository.update(self.integration, changed)
        self.integration = changed

    def key(self, key_version: str | None = None) -> str | None:
        key = self.resolver.by_name(a_program(), "Production OpenAI", key_version).key
        return key.value.get_secret_value() if key else None


def a_program(organization: str | None = None, space: str | None = None, account: str = "acme") -> Caller:
    membership = Membership(organization_id=organization, space_id=space)
    return Caller(account=account, user="billing-job", role=Role.READER, memberships=(membership,))


def test_resolve_accepts_id_and_name_in_any_case() -> None:
    fixture = ResolverFixture()
    by_id = fixture.resolver.by_id(a_program(), ULID)
    assert by_id == fixture.resolver.by_name(a_program(), "  production OPENAI ")
    assert by_id.integration == fixture.integration
    assert by_id.key == ReadKey(value=SecretStr("sk-fake-new"), version="new")
    assert by_id.credentials is None


@pytest.mark.parametrize("name", ["Staging OpenAI", "Production", ""])
def test_resolve_unknown_name_raises_not_found(name: str) -> None:
    with pytest.raises(NotFoundError):
        ResolverFixture().resolver.by_name(a_program(), name)


def test_resolve_other_account_raises_not_found() -> None:
    fixture = ResolverFixture()
    with pytest.raises(NotFoundError):
        fixture.resolver.by_id(a_program(account="other"), ULID)
    with pytest.raises(NotFoundError):
        fixture.resolver.by_name(a_program(account="other"), "Production OpenAI")


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
        # Space `home` is registered in organization `o`.
        (Scoping(organization_id="o"), None, "home", True),
        (Scoping(organization_id="o"), "p", "home", False),
        (Scoping(organization_id="p"), None, "home", False),
        (Scoping(organization_id="o"), None, "unknown", False),
    ],
)
def test_resolve_applies_visibility_of_space_and_organization(
    scoping: Scoping, organization: str | None, space: str | None, *, visible: bool
) -> None:
    # Who created the integration makes no difference: brokers choose the names of their consumers.
    fixture = ResolverFixture(scopings=(scoping,), created_by=a_program().user)
    fixture.directory.register(Space(account="acme", id="home", organization_id="o"))
    fixture.directory.register(Space(account="other", id="unknown", organization_id="o"))
    program = a_program(organization, space)
    if visible:
        assert fixture.resolver.by_id(program, ULID).integration == fixture.integration
    else:
        with pytest.raises(NotFoundError):
            fixture.resolver.by_id(program, ULID)
        assert fixture.keys.reads == 0


@pytest.mark.parametrize(("organization", "space"), [(None, None), ("o", None), ("o", "s")])
def test_resolve_reads_the_directory_only_for_a_space_without_its_organization(
    organization: str | None, space: str | None
) -> None:
    fixture = ResolverFixture(scopings=(Scoping(space_id="other"),))
    del fixture.directory.known  # a read fails
    with pytest.raises(NotFoundError):
        fixture.resolver.by_id(a_program(organization, space), ULID)


def test_resolve_does_not_read_the_directory_for_an_integration_of_the_space() -> None:
    fixture = ResolverFixture(scopings=(Scoping(space_id="s"),))
    del fixture.directory.known  # a read fails
    assert fixture.resolver.by_id(a_program(space="s"), ULID).integration == fixture.integration


def test_resolve_integration_without_key_returns_no_key() -> None:
    assert ResolverFixture(secret=None).key() is None


def test_resolve_current_key_by_version() -> None:
    assert ResolverFixture().key("new") == "sk-fake-new"


def test_resolve_previous_key_by_version_during_grace_period() -> None:
    fixture = ResolverFixture(previous_key=PreviousKey(secret=OLD, usable_until=NOON + GRACE))
    assert fixture.key() == "sk-fake-new"
    assert fixture.key("old") == "sk-fake-old"
    by_id = fixture.resolver.by_id(a_program(), ULID, "old")
    assert by_id == fixture.resolver.by_name(a_program(), "Production OpenAI", "old")
    fixture.now = NOON + GRACE - timedelta(microseconds=1)
    assert fixture.key("old") == "sk-fake-old"
    fixture.now = NOON + GRACE
    with pytest.raises(KeyUnavailableError):
        fixture.key("old")
    assert fixture.key() == "sk-fake-new"


def test_resolution_contains_the_endpoints_that_the_metadata_select() -> None:
    metadata = {"project_id": "p-1", "location": "eu", "project_access_label": "team"}
    fixture = ResolverFixture(provider="VERTEX_AI", provider_metadata=metadata)
    view = resolution_view(fixture.resolver.by_id(a_program(), ULID))
    root = "https://aiplatform.eu.rep.googleapis.com"
    assert view["endpoints"] == {
        "root": root,
        "api": f"{root}/v1",
        "openai": f"{root}/v1/projects/p-1/locations/eu/endpoints/openapi",
    }


@pytest.mark.parametrize("changes", [{}, {"secret": None}, {"secret": EXTERNAL}])
def test_resolve_unknown_key_version_raises_key_unavailable(changes: dict[str, Any]) -> None:
    with pytest.raises(KeyUnavailableError):
        ResolverFixture(**changes).key("old")


def test_resolve_external_secret_by_version() -> None:
    fixture = ResolverFixture(secret=EXTERNAL)
    assert fixture.key() == fixture.key("external-1") == "sk-fake-external-1"


def test_resolve_returns_new_key_if_rotation_releases_the_old_one() -> None:
    fixture = ResolverFixture(secret=OLD)

    def rotate() -> None:
        fixture.keys.before_reading = lambda: None
        fixture.keys.deleted.add(OLD)
        fixture.change(secret=NEW)

    fixture.keys.before_reading = rotate
    assert fixture.key() == "sk-fake-new"
    assert fixture.keys.reads == 2


def test_resolve_raises_not_found_if_integration_becomes_invisible() -> None:
    fixture = ResolverFixture(secret=OLD)
    fixture.keys.deleted.add(OLD)
    fixture.keys.before_reading = lambda: fixture.change(scopings=(Scoping(space_id="s"),))
    with pytest.raises(NotFoundError):
        fixture.key()


def test_resolve_raises_key_unavailable_if_key_was_deleted() -> None:
    fixture = ResolverFixture(secret=OLD)
    fixture.keys.deleted.add(OLD)
    with pytest.raises(KeyUnavailableError):
        fixture.key()
    assert fixture.keys.reads == 1


def test_resolve_assumes_role_only_for_bedrock() -> None:
    bedrock = ResolverFixture(
        provider="AWS_BEDROCK", provider_metadata={"role_arn": "arn:aws:iam::123456789012:role/r"}
    )
    resolved = bedrock.resolver.by_id(a_program(), ULID)
    assert resolved.credentials is not None
    assert resolved.key is not None
    assert bedrock.roles.assumed == [(ULID, "billing-job")]
    without_role = ResolverFixture(provider="AWS_BEDROCK")
    without_role.resolver.by_id(a_program(), ULID)
    assert without_role.roles.assumed == [(ULID, "billing-job")]
    vertex = ResolverFixture(provider="VERTEX_AI")
    assert vertex.resolver.by_id(a_program(), ULID).credentials is None
    assert vertex.roles.assumed == []


def federated(provider: str = "OPEN_AI") -> ResolverFixture:
    return ResolverFixture(provider=provider, secret=None, federation=FEDERATIONS[provider])


@pytest.mark.parametrize(
    ("provider", "headers"),
    [("OPEN_AI", {}), ("ANTHROPIC", {"headers": {"anthropic-beta": "oauth-2025-04-20"}}), ("VERTEX_AI", {})],
)
def test_resolve_federated_integration_returns_an_access_token(provider: str, headers: dict[str, Any]) -> None:
    view = resolution_view(federated(provider).resolver.by_id(a_program(), ULID))
    assert view["access_token"] == {"value": f"{ACCESS_TOKEN}-1", "token_type": "Bearer", **headers}
    assert view["expires_at"] == "2026-01-02T13:00:00.000Z"
    assert "api_key" not in view


def test_resolve_federated_integration_again_returns_the_same_token() -> None:
    fixture = federated()
    tokens = [fixture.resolver.by_id(a_program(), ULID).token for _ in range(2)]
    assert [(each.token.value.get_secret_value(), each.source) for each in tokens if each] == [
        (f"{ACCESS_TOKEN}-1", "exchange"),
        (f"{ACCESS_TOKEN}-1", "cache"),
    ]


def test_resolve_integration_without_federation_exchanges_no_token() -> None:
    fixture = ResolverFixture()
    assert "access_token" not in resolution_view(fixture.resolver.by_id(a_program(), ULID))
    assert fixture.exchanger.exchanged == []


def test_resolve_federated_integration_by_key_version_raises_key_unavailable_without_an_exchange() -> None:
    fixture = federated()
    with pytest.raises(KeyUnavailableError):
        fixture.key("old")
    assert fixture.exchanger.exchanged == []


@pytest.mark.parametrize("error", [TokenRefusedError("The tenant is unknown."), TokenUnavailableError("Timeout.")])
def test_resolve_without_a_token_raises_the_error_and_logs_its_reason(
    error: TokenRefusedError | TokenUnavailableError, caplog: pytest.LogCaptureFixture
) -> None:
    fixture = federated()
    fixture.exchanger.errors = [error]
    with pytest.raises(type(error)):
        fixture.key()
    [line] = [vars(record) for record in caplog.records if record.msg == "token not exchanged"]
    assert (line["error"], line["reason"]) == (type(error).__name__, error.reason)
    assert (line["integration_id"], line["version"]) == (ULID, 1)
    assert len(fixture.exchanger.exchanged) == 1


def test_resolve_uses_the_changed_integration_if_a_change_made_the_exchange_fail() -> None:
    fixture = federated()
    fixture.exchanger.errors = [TokenRefusedError()]
    fixture.exchanger.before_exchange = [lambda: fixture.change(federation=FEDERATIONS["OPEN_AI"])]
    token = fixture.resolver.by_id(a_program(), ULID).token
    assert token is not None
    assert fixture.exchanger.exchanged == [("acme", ULID, 1), ("acme", ULID, 2)]


def test_resolve_returns_the_key_that_replaced_the_federation_during_the_exchange() -> None:
    fixture = federated()
    fixture.exchanger.errors = [TokenRefusedError()]
    fixture.exchanger.before_exchange = [lambda: fixture.change(federation=None, secret=NEW)]
    assert fixture.key() == "sk-fake-new"


def test_resolve_deleted_federated_integration_does_not_return_the_cached_token() -> None:
    fixture = federated()
    fixture.resolver.by_id(a_program(), ULID)
    fixture.repository.integrations.clear()
    with pytest.raises(NotFoundError):
        fixture.resolver.by_id(a_program(), ULID)


def test_resolve_federated_integration_in_a_stack_without_federation_raises_federation_off() -> None:
    fixture = ResolverFixture(FederationOff(), secret=None, federation=FEDERATIONS["OPEN_AI"])
    with pytest.raises(FederationOffError):
        fixture.key()


PROGRAM = UsedBy.broker_states("billing-job")


def test_resolve_records_the_use_before_it_reads_the_key() -> None:
    fixture = ResolverFixture()
    recorded: list[Use] = []
    fixture.keys.before_reading = lambda: recorded.extend(fixture.uses.uses.values())
    fixture.key()
    assert recorded == [Use("acme", ULID, PROGRAM, NOON, frozenset({NOON.date()}))]
    assert fixture.refusals.refusals == []


def test_resolve_that_retries_with_a_changed_integration_records_one_use() -> None:
    fixture = ResolverFixture(secret=OLD)

    def rotate() -> None:
        fixture.keys.before_reading = lambda: None
        fixture.keys.deleted.add(OLD)
        fixture.change(secret=NEW)
        fixture.now += timedelta(hours=2)  # so that the ledger would write another record

    fixture.keys.before_reading = rotate
    assert fixture.key() == "sk-fake-new"
    assert [each.last_used_at for each in fixture.uses.uses.values()] == [NOON]


def refusal(reason: str, ulid: str | None = ULID, account: str = "acme") -> Refusal:
    return Refusal(account, PROGRAM, reason, NOON, ulid)


@pytest.mark.parametrize(
    ("missing", "recorded"),
    [
        (lambda resolver: resolver.by_id(a_program(account="other"), ULID), refusal("not_found", account="other")),
        (lambda resolver: resolver.by_name(a_program(), "sk-fake-key"), refusal("not_found", None)),
        (lambda resolver: resolver.by_id(a_program(space="t"), ULID), refusal("not_found")),
        # The consumer named an integration that exists, so its id is no text of the consumer's.
        (lambda resolver: resolver.by_name(a_program(space="t"), "Production OpenAI"), refusal("not_found")),
    ],
)
def test_resolve_that_finds_no_visible_integration_records_a_refusal_and_no_use(
    missing: Callable[[CredentialResolver], object], recorded: Refusal
) -> None:
    fixture = ResolverFixture(scopings=(Scoping(space_id="s"),))
    with pytest.raises(NotFoundError):
        missing(fixture.resolver)
    assert (fixture.refusals.refusals, fixture.uses.uses) == ([recorded], {})


def refuse_role(_integration: Integration, _consumer: str) -> TemporaryCredentials:
    raise RoleRefusedError


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (lambda fixture: fixture.keys.deleted.add(NEW), "key_unavailable"),
        (lambda fixture: setattr(fixture.roles, "assume", refuse_role), "role_refused"),
        (lambda fixture: fixture.exchanger.errors.append(TokenRefusedError("sk-fake-answer")), "token_refused"),
    ],
)
def test_resolve_that_gets_no_credentials_records_the_use_and_the_refusal(
    prepare: Callable[[ResolverFixture], object], reason: str
) -> None:
    fixture = ResolverFixture(
        provider="AWS_BEDROCK",
        provider_metadata={"role_arn": "arn:aws:iam::123456789012:role/r"},
        federation=FEDERATIONS["OPEN_AI"],
    )
    prepare(fixture)
    with pytest.raises(AiIntegrationsError):
        fixture.key()
    assert fixture.refusals.refusals == [refusal(reason)]
    assert len(fixture.uses.uses) == 1


@pytest.mark.parametrize("error", [TokenUnavailableError(), FederationOffError(), InvalidRequestError()])
def test_resolve_that_fails_otherwise_records_no_refusal(error: AiIntegrationsError) -> None:
    fixture = federated()
    fixture.exchanger.errors.append(error)
    with pytest.raises(type(error)):
        fixture.key()
    assert fixture.refusals.refusals == []


def test_resolve_whose_grant_is_revoked_meanwhile_records_a_refusal() -> None:
    fixture = ResolverFixture(secret=OLD)
    fixture.keys.deleted.add(OLD)
    reads = iter([Access(fixture.integration, a_program())])

    def find() -> Access:
        for access in reads:
            return access
        raise NoGrantError

    with pytest.raises(NoGrantError):
        fixture.resolver.resolve(Asked(PROGRAM, None), find, None)
    assert fixture.refusals.refusals == [refusal("no_grant")]


@pytest.mark.parametrize("account", ["acme", None])
def test_resolve_without_a_grant_records_a_refusal_if_the_account_is_known(account: str | None) -> None:
    fixture = ResolverFixture()

    def find() -> Access:
        raise NoGrantError(account=account)

    with pytest.raises(NoGrantError):
        fixture.resolver.resolve(Asked(PROGRAM, ULID), find, None)
    assert fixture.refusals.refusals == ([refusal("no_grant")] if account else [])
