"""The use cases of integrations that name an IAM role: taking, sharing and releasing it."""

from dataclasses import replace

from ai_integrations.adapters.dynamodb.attributes import to_wire
from ai_integrations.adapters.dynamodb.items import role_key
from ai_integrations.domain.iam_roles import IamRole
from tests.builders import create_body
from tests.faults.account import NEW_KEY, OLD_KEY, Account, Request
from tests.faults.api_use_cases import COMMIT
from tests.faults.use_case import NAME, UseCase, existing, patch


def _with_role(name: str) -> dict[str, object]:
    metadata = {"role_arn": f"arn:aws:iam::123456789012:role/{name}"}
    return {"provider": "awsBedrock", "provider_metadata": metadata}


ROLE, OTHER_ROLE = _with_role("models"), _with_role("other-models")
NO_ROLE = {"provider": "openAI", "provider_metadata": None}
# Without a key, headers are credentials: a change of the provider must contain them.
HEADERS = {"headers": {"X-Team": "fake-header-value"}}


def _other(account: Account) -> Account:
    return replace(account, name=f"other-{account.name}", responses=[])


def _take_concurrently(account: Account) -> None:
    """Let another account take the role just before the next transaction."""
    _other(account).write_concurrently(COMMIT, "POST", "", create_body(**ROLE))


def _create_with_role_of_another_account(account: Account) -> Request:
    _other(account).create_integration(**ROLE)
    return account.create_request(api_key=NEW_KEY, **ROLE)


def _create_with_concurrently_taken_role(account: Account) -> Request:
    _take_concurrently(account)
    return account.create_request(api_key=NEW_KEY, **ROLE)


def _create_with_shared_role(account: Account) -> Request:
    account.create_integration(name="Other", **ROLE)
    return account.create_request(**ROLE)


def _patch_to_concurrently_taken_role(account: Account) -> Request:
    account.create_integration(api_key=OLD_KEY, **OTHER_ROLE)
    _take_concurrently(account)
    return account.patch_request(api_key=NEW_KEY, **ROLE)


def _patch_of_integration_without_guard(account: Account) -> Request:
    account.create_integration(**ROLE)
    cloud = account.stack.cloud
    arn = "arn:aws:iam::123456789012:role/models"
    cloud.dynamodb.delete_item(TableName=cloud.table, Key=to_wire(role_key(IamRole(arn=arn))))
    return account.patch_request(enable_default_models=True)


def _delete_with_shared_role(account: Account) -> Request:
    account.create_integration(name="Other", **ROLE)
    account.create_integration(**ROLE)
    return account.delete_request()


def _restore(account: Account) -> Request:
    account.create_integration(api_key=OLD_KEY, **ROLE)
    assert account.delete_request()() == 204
    account.stack.process_stream()
    return account.restore_request()


def _restore_with_concurrently_taken_role(account: Account) -> Request:
    restore = _restore(account)
    _take_concurrently(account)
    return restore


ROLE_USE_CASES: dict[str, UseCase] = {
    "create with role": UseCase(lambda account: account.create_request(**ROLE), {NAME: None}, frozenset({201, 409})),
    "create with role and key": UseCase(
        lambda account: account.create_request(api_key=OLD_KEY, **ROLE), {NAME: OLD_KEY}, frozenset({201, 409})
    ),
    "create with role and Idempotency-Key": UseCase(
        lambda account: account.request("POST", "", create_body(**ROLE), idempotency_key="one"),
        {NAME: None},
        frozenset({201}),
    ),
    "create with role of another account": UseCase(_create_with_role_of_another_account, {}, frozenset({409})),
    "create with concurrently taken role": UseCase(_create_with_concurrently_taken_role, {}, frozenset({409})),
    "create with shared role": UseCase(_create_with_shared_role, {"Other": None, NAME: None}, frozenset({201, 409})),
    "patch that sets role": UseCase(existing(patch(**ROLE, **HEADERS)), {NAME: None}),
    "patch of role": UseCase(existing(patch(**OTHER_ROLE), **ROLE), {NAME: None}),
    "patch of role and key": UseCase(
        existing(patch(api_key=NEW_KEY, **OTHER_ROLE), api_key=OLD_KEY, **ROLE), {NAME: NEW_KEY}
    ),
    "patch that removes role": UseCase(existing(patch(**NO_ROLE, **HEADERS), **ROLE), {NAME: None}),
    "patch to concurrently taken role": UseCase(_patch_to_concurrently_taken_role, {NAME: OLD_KEY}, frozenset({409})),
    "patch of integration without role guard": UseCase(_patch_of_integration_without_guard, {NAME: None}),
    "delete with role": UseCase(existing(Account.delete_request, **ROLE), {}, frozenset({204, 404})),
    "delete with shared role": UseCase(_delete_with_shared_role, {"Other": None}, frozenset({204, 404})),
    "restore with role": UseCase(_restore, {NAME: OLD_KEY}),
    "restore with concurrently taken role": UseCase(_restore_with_concurrently_taken_role, {}, frozenset({409})),
}
