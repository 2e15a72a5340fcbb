"""Who may run connection tests, and with which key."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from pydantic import SecretStr

from ai_integrations.domain.connection_health import CheckStatus, Findings, Health, Rung
from ai_integrations.domain.credentials import ReadKey
from ai_integrations.domain.errors import (
    AccessForbiddenError,
    FederationTakenError,
    FieldError,
    KeyUnavailableError,
    NotFoundError,
    RoleTakenError,
    RuleViolationError,
)
from ai_integrations.domain.model import (
    Caller,
    CredentialChange,
    ExternalSecretArn,
    Federation,
    Integration,
    Membership,
    Removal,
    Role,
    Scoping,
    SecretVersion,
    Settings,
    Space,
)
from ai_integrations.key_access.connection_test.service import ConnectionTests
from ai_integrations.key_access.connection_test.step_timer import AUTHENTICATED
from ai_integrations.key_access.connection_test.tester import ConnectionTester
from ai_integrations.use_cases.visibility import Visibility
from tests.builders import API_KEY, FEDERATIONS, NOON, ULID, a_caller, a_policy, an_integration, the_settings
from tests.fakes import InMemoryRepository
from tests.unit.test_api_keys import SERVICE_ACCOUNT

STORED = SecretVersion(arn="arn:fake:stored", version="v1")
EXTERNAL = ExternalSecretArn(arn="arn:fake:external")
POLICY = a_policy()._replace(federation_issuer="https://fake.tokens.sts.global.api.aws")
ROLE = {"role_arn": "arn:aws:iam::123456789012:role/Bedrock"}


@dataclass
class ServiceFixture:
    """Connection tests over fakes: every provider accepts every key, and secrets contain their ARN."""

    repository: InMemoryRepository = field(default_factory=InMemoryRepository)
    refusal: str | None = None
    tested: list[str | None] = field(default_factory=list)
    federations: list[Federation | None] = field(default_factory=list)
    recorded: list[Health] = field(default_factory=list)
    read_secrets: list[str] = field(default_factory=list)
    before_steps: Callable[[], object] = lambda: None

    def __post_init__(self) -> None:
        tester = ConnectionTester(steps=self, fingerprints=self, clock=lambda: NOON)
        self.tests = ConnectionTests(
            integrations=self.repository,
            visibility=Visibility(self.repository.spaces),
            reader=self,
            tester=tester,
            healths=self,
            policy=POLICY,
        )

    def run(self, integration: Integration, key: SecretStr | None, _model: str | None) -> Findings:
        self.before_steps()
        self.federations.append(integration.federation)
        self.tested.append(key.get_secret_value() if key else None)
        return Findings((Rung(name=AUTHENTICATED, status=CheckStatus.PASSED, latency_ms=1),))

    def compute(self, _account: str, _key: SecretStr) -> str:
        return "fake-fingerprint"

    try_compute = compute

    def read(self, _integration: Integration, secret: SecretVersion) -> ReadKey:
        self.read_secrets.append(secret.arn)
        if self.refusal is not None:
            raise KeyUnavailableError(self.refusal)
        return ReadKey(value=SecretStr(f"{secret.arn} {secret.version}"), version=secret.version or "current")

    def record(self, health: Health) -> None:
        self.recorded.append(health)

    def test_settings(self, settings: Settings | None = None, key: CredentialChange = Removal.NOTHING) -> Health:
        return self.tests.test_settings(a_caller(), settings or the_settings(), key)


@pytest.mark.parametrize(
    ("key", "tested", "version"),
    [
        (SecretStr(API_KEY), API_KEY, None),
        (EXTERNAL, "arn:fake:external None", "current"),
        (Removal.KEY, None, None),
    ],
)
def test_settings_are_tested_with_the_key_of_the_request(
    key: CredentialChange, tested: str | None, version: str | None
) -> None:
    fixture = ServiceFixture()
    assert fixture.test_settings(key=key).key_version == version
    assert fixture.tested == [tested]
    assert fixture.recorded == []


@pytest.mark.parametrize(
    ("settings", "key", "pointer"),
    [
        (the_settings(base_url="https://10.0.0.5"), Removal.NOTHING, "/base_url"),
        (the_settings(), SecretStr(SERVICE_ACCOUNT), "/api_key"),
        (the_settings(), SecretStr("sk-...fake"), "/api_key"),
        (the_settings(base_url="https://10.0.0.5"), EXTERNAL, "/base_url"),
    ],
)
def test_settings_that_break_a_rule_are_not_tested(settings: Settings, key: CredentialChange, pointer: str) -> None:
    fixture = ServiceFixture()
    with pytest.raises(RuleViolationError) as error:
        fixture.test_settings(settings, key)
    assert [each.pointer for each in error.value.errors] == [pointer]
    assert (fixture.tested, fixture.read_secrets) == ([], [])


CUSTOM = the_settings(provider="CUSTOM", base_url="https://llm.example.com/v1")


def test_settings_are_tested_with_the_federation_of_the_request() -> None:
    fixture = ServiceFixture()
    fixture.test_settings(CUSTOM, FEDERATIONS["CUSTOM"])
    assert (fixture.tested, fixture.federations) == ([None], [FEDERATIONS["CUSTOM"]])


def test_settings_with_a_federation_at_a_private_host_are_not_tested() -> None:
    fields = {**FEDERATIONS["CUSTOM"].fields, "token_endpoint": "https://10.0.0.5/token"}
    fixture = ServiceFixture()
    with pytest.raises(RuleViolationError) as error:
        fixture.test_settings(CUSTOM, Federation(fields))
    assert [each.pointer for each in error.value.errors] == ["/federation/token_endpoint"]
    assert fixture.tested == []


def test_settings_with_the_federated_identity_of_another_account_are_not_tested() -> None:
    fixture = ServiceFixture()
    fixture.repository.insert(an_integration(account="other", federation=FEDERATIONS["OPEN_AI"]), None)
    with pytest.raises(FederationTakenError):
        fixture.test_settings(the_settings(), FEDERATIONS["OPEN_AI"])
    assert fixture.tested == []


def test_settings_with_the_role_of_another_account_are_not_tested() -> None:
    fixture = ServiceFixture()
    fixture.repository.insert(an_integration(account="other", provider="AWS_BEDROCK", provider_metadata=ROLE), None)
    with pytest.raises(RoleTakenError):
        fixture.test_settings(the_settings(provider="AWS_BEDROCK", provider_metadata=ROLE))
    assert fixture.tested == []


def test_refused_secret_is_reported_at_its_field() -> None:
    fixture = ServiceFixture(refusal="Its tags do not allow this use.")
    with pytest.raises(RuleViolationError) as error:
        fixture.test_settings(key=EXTERNAL)
    assert error.value.errors == (FieldError("/api_key_secret_arn", "Its tags do not allow this use."),)
    assert error.value.__cause__ is None


@pytest.mark.parametrize(
    ("secret", "tested"), [(STORED, "arn:fake:stored v1"), (None, None)], ids=["stored key", "no key"]
)
def test_saved_integration_is_tested_with_its_own_key_and_recorded(
    secret: SecretVersion | None, tested: str | None
) -> None:
    fixture = ServiceFixture()
    fixture.repository.insert(an_integration(secret=secret), None)
    health = fixture.tests.test_saved(a_caller(), ULID, "m-1")
    assert (health.id, health.model, health.integration_version) == (ULID, "m-1", 1)
    assert health.key_version == (secret.version if secret else None)
    assert fixture.tested == [tested]
    assert fixture.recorded == [health]


OF_SPACE = a_caller(role=Role.MEMBER, memberships=(Membership(space_id="s", admin=True),))


@pytest.mark.parametrize(
    ("caller", "error"),
    [
        (a_caller(account="other"), NotFoundError),
        (a_caller(role=Role.MEMBER), NotFoundError),
        (OF_SPACE, AccessForbiddenError),
        (a_caller(role=Role.READER, memberships=(Membership(space_id="home"),)), AccessForbiddenError),
        (a_caller(role=Role.READER, memberships=(Membership(space_id="elsewhere"),)), NotFoundError),
        (a_caller(role=Role.READER, memberships=(Membership(space_id="unknown"),)), NotFoundError),
    ],
)
def test_saved_integration_is_tested_for_admins_of_its_account_only(caller: Caller, error: type[Exception]) -> None:
    """The error of others depends on whether they see the integration."""
    fixture = ServiceFixture()
    fixture.repository.insert(an_integration(scopings=(Scoping(space_id="s"), Scoping(organization_id="o"))), None)
    for account, space, organization in (("acme", "home", "o"), ("acme", "elsewhere", "p"), ("other", "unknown", "o")):
        fixture.repository.spaces.register(Space(account=account, id=space, organization_id=organization))
    with pytest.raises(error):
        fixture.tests.test_saved(caller, ULID, None)
    assert (fixture.tested, fixture.recorded) == ([], [])


def test_saved_integration_that_changes_during_its_test_gets_the_result_of_the_tested_version() -> None:
    fixture = ServiceFixture()
    integration = an_integration(secret=STORED)
    fixture.repository.insert(integration, None)
    changed = replace(integration, version=integration.version + 1)
    fixture.before_steps = lambda: fixture.repository.update(integration, changed)
    health = fixture.tests.test_saved(a_caller(), ULID, None)
    assert health.integration_version == integration.version
    assert fixture.recorded == [health]


def test_settings_are_tested_for_admins_only() -> None:
    fixture = ServiceFixture()
    with pytest.raises(AccessForbiddenError):
        fixture.tests.test_settings(OF_SPACE, the_settings(scopings=(Scoping(space_id="s"),)), Removal.NOTHING)
    assert fixture.tested == []
