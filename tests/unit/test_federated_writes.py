"""A federation is a credential: who may change it, what it replaces, and where it stays bound to."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr

from ai_integrations.adapters.secrets_manager.key_store import ACCOUNT_TAG
from ai_integrations.domain.destinations import uses_headers_as_credentials
from ai_integrations.domain.errors import (
    AccessForbiddenError,
    FederationTakenError,
    IdempotencyKeyReusedError,
    NoKeyToRotateError,
    NotFoundError,
    RuleViolationError,
)
from ai_integrations.domain.federation import audience_of, request_tags
from ai_integrations.domain.model import (
    AuthType,
    Caller,
    CredentialChange,
    ExternalSecretArn,
    Federation,
    Integration,
    Membership,
    Removal,
    Role,
    Scoping,
)
from ai_integrations.use_cases.federation_trust import FederationTrust, FederationTrusts
from ai_integrations.use_cases.integrations import RequestedChange, Rotation
from tests.builders import AWS_ACCOUNT, FEDERATIONS, ULID, a_caller, a_policy, an_idempotency_key, the_settings
from tests.fakes import InMemoryKeyStore, InMemoryRepository, build_integrations
from tests.unit.use_case_fixture import ADMIN, NEW_KEY, OLD_KEY

FEDERATION = FEDERATIONS["OPEN_AI"]
OTHER = Federation({**FEDERATION.fields, "service_account_id": "sa_other"})
POLICY = a_policy()._replace(federation_issuer="https://fake.tokens.sts.global.api.aws")
SPACE = Scoping(space_id="s")
MEMBER = a_caller(role=Role.MEMBER, user="bob", memberships=(Membership(space_id="s", admin=True),))
READER = a_caller(role=Role.READER, memberships=(Membership(space_id="s"),))
UMBRELLA = a_caller(account="umbrella")


class FederatedFixture:
    """One integration of a space with these credentials, in a stack with federation."""

    def __init__(self, credentials: CredentialChange = FEDERATION) -> None:
        self.repository = InMemoryRepository()
        self.keys = InMemoryKeyStore()
        self.integrations = build_integrations(self.repository, self.keys, policy=POLICY)
        self.created = self.integrations.create(ADMIN, the_settings(scopings=(SPACE,)), credentials)

    @property
    def stored(self) -> Integration:
        return self.repository.integrations["acme", ULID]

    def change(
        self,
        credentials: CredentialChange = Removal.NOTHING,
        edit: Callable[[Integration], Integration] = lambda current: current,
        caller: Caller = ADMIN,
    ) -> Integration:
        return self.integrations.update(caller, ULID, RequestedChange(edit, credentials))

    def external_secret(self) -> ExternalSecretArn:
        return ExternalSecretArn(arn=self.keys.create_external_secret("external", "x", {ACCOUNT_TAG: "acme"}))


def test_create_with_federation_stores_no_secret() -> None:
    fixture = FederatedFixture()
    assert (fixture.created.federation, fixture.created.secret, fixture.keys.journal) == (FEDERATION, None, [])


@pytest.mark.parametrize("caller", [MEMBER, READER], ids=["member", "reader"])
def test_create_with_federation_is_for_admins(caller: Caller) -> None:
    with pytest.raises(AccessForbiddenError):
        build_integrations(policy=POLICY).create(caller, the_settings(scopings=(SPACE,)), FEDERATION)


@pytest.mark.parametrize(
    "credentials", [FEDERATION, OTHER, Removal.FEDERATION, NEW_KEY], ids=["same", "another", "null", "key"]
)
def test_federation_is_replaced_and_removed_by_admins_only(credentials: CredentialChange) -> None:
    fixture = FederatedFixture()
    with pytest.raises(AccessForbiddenError):
        fixture.change(credentials, caller=MEMBER)
    assert (fixture.stored, fixture.keys.journal) == (fixture.created, [])
    fixture.change(credentials)


def test_member_changes_what_sends_the_token_nowhere_else() -> None:
    fixture = FederatedFixture()
    renamed = fixture.change(edit=lambda current: replace(current, name="x"), caller=MEMBER)
    assert (renamed.name, renamed.federation) == ("x", FEDERATION)
    assert fixture.change(Removal.KEY, caller=MEMBER) == renamed  # a null api_key removes a key only


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda current: replace(current, base_url="https://gateway.example.com"), id="address"),
        pytest.param(lambda current: replace(current, provider="LITELLM"), id="provider"),
        pytest.param(lambda current: replace(current, headers={"Helicone-Target-URL": "https://x"}), id="header"),
    ],
)
@pytest.mark.parametrize("caller", [MEMBER, ADMIN], ids=["member", "admin"])
def test_move_of_a_federated_integration_must_repeat_or_remove_the_federation(
    edit: Callable[[Integration], Integration], caller: Caller
) -> None:
    fixture = FederatedFixture()
    for kept in (Removal.NOTHING, Removal.KEY):
        with pytest.raises(RuleViolationError) as error:
            fixture.change(kept, edit, caller)
        [violation] = error.value.errors
        assert violation.pointer == "/federation"
        assert "Send the federation again" in violation.detail
    assert fixture.stored == fixture.created
    assert fixture.change(Removal.FEDERATION, edit).federation is None


def test_move_with_the_federation_is_accepted() -> None:
    fixture = FederatedFixture()
    moved = fixture.change(FEDERATION, lambda current: replace(current, base_url="https://gateway.example.com"))
    assert (moved.base_url, moved.federation) == ("https://gateway.example.com", FEDERATION)


def test_move_to_another_kind_of_provider_needs_a_federation_of_that_provider() -> None:
    fixture = FederatedFixture()
    with pytest.raises(RuleViolationError):
        fixture.change(FEDERATION, lambda current: replace(current, provider="ANTHROPIC"))
    moved = fixture.change(FEDERATIONS["ANTHROPIC"], lambda current: replace(current, provider="ANTHROPIC"))
    assert moved.federation == FEDERATIONS["ANTHROPIC"]


def test_federation_replaces_the_key_and_the_previous_key() -> None:
    fixture = FederatedFixture(OLD_KEY)
    fixture.integrations.rotate_key(ADMIN, ULID, Rotation(api_key=NEW_KEY, grace=timedelta(hours=1)))
    changed = fixture.change(FEDERATION)
    assert (changed.secret, changed.previous_key, changed.federation) == (None, None, FEDERATION)


@pytest.mark.parametrize("is_external", [True, False], ids=["external secret", "key"])
def test_key_replaces_the_federation(is_external: bool) -> None:
    fixture = FederatedFixture()
    changed = fixture.change(fixture.external_secret() if is_external else NEW_KEY)
    assert changed.federation is None
    assert changed.secret is not None


@pytest.mark.parametrize(
    ("removal", "keeps_federation", "keeps_key"),
    [
        (Removal.NOTHING, True, True),
        (Removal.KEY, True, False),
        (Removal.FEDERATION, False, True),
        (Removal.KEY | Removal.FEDERATION, False, False),
    ],
)
def test_null_removes_its_own_kind_of_credentials_only(
    removal: Removal, *, keeps_federation: bool, keeps_key: bool
) -> None:
    assert (FederatedFixture().change(removal).federation is not None) is keeps_federation
    assert (FederatedFixture(OLD_KEY).change(removal).secret is not None) is keeps_key


def test_unchanged_federation_writes_no_version() -> None:
    fixture = FederatedFixture()
    assert fixture.change(Federation(dict(FEDERATION.fields), {})).version == 1


def test_rotation_of_a_federated_integration_is_rejected() -> None:
    with pytest.raises(NoKeyToRotateError):
        FederatedFixture().integrations.rotate_key(ADMIN, ULID, Rotation(api_key=NEW_KEY, grace=timedelta(0)))


def test_headers_beside_a_federation_are_no_credentials() -> None:
    integration = replace(FederatedFixture().created, headers={"X-Team": "fake"})
    assert not uses_headers_as_credentials(integration)
    assert uses_headers_as_credentials(replace(integration, auth_type=AuthType.PROXY_WITH_HEADERS))
    assert uses_headers_as_credentials(replace(integration, federation=None))


def test_deleted_integration_is_restored_with_its_federation() -> None:
    fixture = FederatedFixture()
    fixture.integrations.delete(ADMIN, ULID)
    assert fixture.integrations.restore(ADMIN, ULID).federation == FEDERATION


def test_restore_after_another_account_took_the_identity_is_rejected() -> None:
    fixture = FederatedFixture()
    fixture.integrations.delete(ADMIN, ULID)
    fixture.integrations.create(UMBRELLA, the_settings(), FEDERATION)
    with pytest.raises(FederationTakenError):
        fixture.integrations.restore(ADMIN, ULID)


def test_retried_create_returns_the_federated_integration() -> None:
    integrations = build_integrations(policy=POLICY)
    first, second = (integrations.create(ADMIN, the_settings(), FEDERATION, an_idempotency_key()) for _ in range(2))
    assert second == first
    with pytest.raises(IdempotencyKeyReusedError):
        integrations.create(ADMIN, the_settings(), SecretStr("sk-fake"), an_idempotency_key())


@pytest.mark.parametrize("provider", FEDERATIONS)
def test_trust_of_an_integration_names_its_account_and_id(provider: str) -> None:
    fixture = FederatedFixture()
    federated = replace(fixture.created, provider=provider, federation=FEDERATIONS[provider])
    fixture.repository.update(fixture.created, federated)
    trusts = FederationTrusts(fixture.integrations, issuer="iss", subject="sub", aws_account=AWS_ACCOUNT)
    assert trusts.get(ADMIN, ULID) == FederationTrust(
        federation=FEDERATIONS[provider],
        issuer="iss",
        subject="sub",
        audience=audience_of(fixture.stored),
        aws_account=AWS_ACCOUNT,
        request_tags={"registry_account": "acme", "integration": ULID},
    )
    assert request_tags(fixture.stored) == {"registry_account": "acme", "integration": ULID}


@pytest.mark.parametrize(
    ("caller", "error"),
    [(MEMBER, AccessForbiddenError), (READER, AccessForbiddenError), (UMBRELLA, NotFoundError)],
    ids=["member", "reader", "another account"],
)
def test_trust_is_for_admins_of_the_account(caller: Caller, error: type[Exception]) -> None:
    trusts = FederationTrusts(FederatedFixture().integrations, issuer="", subject="", aws_account=AWS_ACCOUNT)
    with pytest.raises(error):
        trusts.get(caller, ULID)


def test_trust_of_an_integration_without_federation_raises_not_found_for_admins_only() -> None:
    trusts = FederationTrusts(FederatedFixture(OLD_KEY).integrations, issuer="", subject="", aws_account=AWS_ACCOUNT)
    with pytest.raises(NotFoundError):
        trusts.get(ADMIN, ULID)
    with pytest.raises(AccessForbiddenError):
        trusts.get(READER, ULID)


def test_update_accepts_a_stored_federation_that_a_create_would_refuse() -> None:
    fixture = FederatedFixture()
    older = Federation({**FEDERATION.fields, "service_account_id": "older form"})
    fixture.repository.integrations["acme", ULID] = replace(fixture.stored, federation=older)
    assert fixture.change(older, lambda current: replace(current, name="Renamed")).federation == older
    refused = Federation({**FEDERATION.fields, "service_account_id": "another form"})
    with pytest.raises(RuleViolationError):
        fixture.change(refused)
