"""IAM roles are for admins: setting, changing and redirecting a role, and reading the trust policy that it needs."""

from dataclasses import replace
from typing import Any

import pytest

from ai_integrations.domain.errors import AccessForbiddenError, NotFoundError, RoleTakenError
from ai_integrations.domain.model import Integration, Membership, Removal, Role, Scoping
from ai_integrations.use_cases.integrations import RequestedChange
from ai_integrations.use_cases.role_trust import RoleTrusts
from tests.builders import ULID, a_caller, an_integration, the_settings
from tests.unit.use_case_fixture import ADMIN, NEW_KEY, UseCaseFixture

KEEP = Removal.NOTHING
ROLE = {"role_arn": "arn:aws:iam::123456789012:role/Bedrock"}
OTHER_ROLE = {"role_arn": "arn:aws:iam::123456789012:role/Other"}
IN_SPACE = (Scoping(space_id="s"),)
MEMBER = a_caller(role=Role.MEMBER, user="bob", memberships=(Membership(space_id="s", admin=True),))
READER = a_caller(role=Role.READER, memberships=(Membership(space_id="s"),))
WITH_ROLE = the_settings(
    provider="AWS_BEDROCK",
    provider_metadata=ROLE,
    base_url="https://bedrock-runtime.eu-central-1.amazonaws.com",
    headers={"X-Team": "search"},
    scopings=IN_SPACE,
)


def a_fixture() -> UseCaseFixture:
    fixture = UseCaseFixture()
    fixture.integrations.create(ADMIN, WITH_ROLE, KEEP)
    fixture.journal.clear()
    return fixture


def test_member_cannot_create_an_integration_with_a_role() -> None:
    fixture = UseCaseFixture()
    with pytest.raises(AccessForbiddenError):
        fixture.integrations.create(MEMBER, WITH_ROLE, NEW_KEY)
    assert fixture.journal == []


@pytest.mark.parametrize(
    "changes",
    [
        {"provider_metadata": OTHER_ROLE},
        {"provider_metadata": {**ROLE, "external_id": "tenant-42"}},
        {"base_url": "https://bedrock.example.com", "headers": None},
        {"headers": {"X-Team": "search", "X-Upstream-Host": "bedrock.example.com"}},
        {"provider": "OPEN_AI", "provider_metadata": None, "headers": None},
    ],
    ids=["role", "external id", "base_url", "added header", "no role"],
)
def test_member_cannot_change_or_redirect_a_role(changes: dict[str, Any]) -> None:
    fixture = a_fixture()
    with pytest.raises(AccessForbiddenError):
        fixture.integrations.update(MEMBER, ULID, RequestedChange(lambda current: replace(current, **changes), NEW_KEY))
    assert fixture.journal == ["get"]
    changed = fixture.integrations.update(ADMIN, ULID, RequestedChange(lambda current: replace(current, **changes)))
    assert changed.version == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Renamed"},
        {"model_names": ("m-1",)},
        {"provider_metadata": {**ROLE, "kind": "AWS"}},
        {"base_url": "https://BEDROCK-runtime.eu-central-1.amazonaws.com:443/"},
        {"headers": {"X-Team": "another"}},
    ],
    ids=["name", "models", "echo of the metadata", "another notation of base_url", "another value of a header"],
)
def test_member_can_change_what_does_not_concern_the_role(changes: dict[str, Any]) -> None:
    fixture = a_fixture()
    changed = fixture.integrations.update(MEMBER, ULID, RequestedChange(lambda current: replace(current, **changes)))
    assert (changed.version, changed.updated_by) == (2, "bob")


def test_member_can_delete_and_restore_an_integration_with_a_role() -> None:
    fixture = a_fixture()
    fixture.integrations.delete(MEMBER, ULID)
    assert fixture.integrations.restore(MEMBER, ULID).iam_role == WITH_ROLE.iam_role


def test_update_to_role_of_another_account_discards_the_new_key() -> None:
    fixture = UseCaseFixture()
    fixture.integrations.create(ADMIN, the_settings(), KEEP)
    fixture.repository.insert(an_integration(id="OTHER", account="umbrella", provider_metadata=ROLE), None)

    def with_role(current: Integration) -> Integration:
        return replace(current, provider="AWS_BEDROCK", provider_metadata=ROLE)

    with pytest.raises(RoleTakenError):
        fixture.integrations.update(ADMIN, ULID, RequestedChange(with_role, NEW_KEY))
    assert fixture.keys.secrets == {}


def test_create_with_role_of_another_account_stores_no_key() -> None:
    fixture = UseCaseFixture()
    fixture.repository.insert(an_integration(id="OTHER", account="umbrella", provider_metadata=ROLE), None)
    fixture.journal.clear()
    with pytest.raises(RoleTakenError):
        fixture.integrations.create(ADMIN, WITH_ROLE, NEW_KEY)
    assert fixture.journal == ["precheck"]


def test_restore_with_role_of_another_account_leaves_the_secret_scheduled_for_deletion() -> None:
    fixture = UseCaseFixture()
    created = fixture.integrations.create(ADMIN, WITH_ROLE, NEW_KEY)
    fixture.integrations.delete(ADMIN, ULID)
    assert created.secret is not None
    fixture.keys.schedule_deletion(created.secret)
    fixture.repository.insert(an_integration(id="OTHER", account="umbrella", provider_metadata=ROLE), None)
    with pytest.raises(RoleTakenError):
        fixture.integrations.restore(ADMIN, ULID)
    assert fixture.keys.read_key(created.secret) is None
    assert fixture.integrations.get_deleted(ADMIN, ULID).integration == created


PRINCIPALS = ("arn:aws:iam::999999999999:role/credentials", "arn:aws:iam::999999999999:role/test-connection")


def role_trusts(fixture: UseCaseFixture) -> RoleTrusts:
    return RoleTrusts(fixture.integrations, principals=PRINCIPALS, external_id_namespace="stack")


def test_role_trust_names_principals_and_the_external_id_of_the_account() -> None:
    fixture = a_fixture()
    trust = role_trusts(fixture).get(ADMIN, ULID)
    assert (trust.role_arn, trust.principals) == (ROLE["role_arn"], PRINCIPALS)
    role = WITH_ROLE.iam_role
    assert role is not None
    assert trust.external_id == role.external_id_for("acme", "stack")


def test_role_trust_names_the_chosen_external_id() -> None:
    fixture = a_fixture()
    metadata = {**ROLE, "external_id": "tenant-42"}
    fixture.integrations.update(
        ADMIN, ULID, RequestedChange(lambda current: replace(current, provider_metadata=metadata))
    )
    assert role_trusts(fixture).get(ADMIN, ULID).external_id == "tenant-42"


@pytest.mark.parametrize("caller", [MEMBER, READER])
def test_role_trust_is_for_admins_only(caller: Any) -> None:
    with pytest.raises(AccessForbiddenError):
        role_trusts(a_fixture()).get(caller, ULID)


def test_role_trust_of_an_integration_that_the_caller_cannot_see_raises_not_found() -> None:
    fixture = a_fixture()
    for caller in (a_caller(account="umbrella"), a_caller(role=Role.MEMBER)):
        with pytest.raises(NotFoundError):
            role_trusts(fixture).get(caller, ULID)


def test_role_trust_of_an_integration_without_a_role_raises_not_found_for_admins_only() -> None:
    fixture = UseCaseFixture()
    fixture.integrations.create(ADMIN, the_settings(), NEW_KEY)
    with pytest.raises(NotFoundError):
        role_trusts(fixture).get(ADMIN, ULID)
    with pytest.raises(AccessForbiddenError):
        role_trusts(fixture).get(READER, ULID)
