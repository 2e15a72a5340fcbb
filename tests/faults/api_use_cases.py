"""The use cases of the HTTP API."""

from collections.abc import Callable

from tests.builders import create_body
from tests.faults.account import EXTERNAL_KEY, NEW_KEY, OLD_KEY, Account, Request
from tests.faults.use_case import NAME, UseCase, existing, patch

COMMIT = "dynamodb:TransactWriteItems"


def _rotate(**body: object) -> Callable[[Account], Request]:
    return lambda account: account.rotate_request(**body)


def _patch_to_reference(account: Account) -> Request:
    account.create_integration(api_key=OLD_KEY)
    return account.patch_request(api_key_secret_arn=account.create_external_secret())


def _patch_from_reference(account: Account) -> Request:
    account.create_integration(api_key_secret_arn=account.create_external_secret())
    return account.patch_request(api_key=NEW_KEY)


def _create_with_taken_name(account: Account) -> Request:
    account.create_integration()
    return account.create_request(api_key=NEW_KEY)


def _create_with_concurrently_taken_name(account: Account) -> Request:
    account.write_concurrently(COMMIT, "POST", "", create_body())
    return account.create_request(api_key=NEW_KEY)


def _patch_with_concurrent_patch(account: Account) -> Request:
    account.create_integration(api_key=OLD_KEY)
    account.write_concurrently(COMMIT, "PATCH", f"/{account.integration}", {"function_calling_enabled": False})
    return account.patch_request(api_key=NEW_KEY)


def _patch_with_concurrent_delete(account: Account) -> Request:
    account.create_integration(api_key=OLD_KEY)
    account.write_concurrently(COMMIT, "DELETE", f"/{account.integration}")
    return account.patch_request(api_key=NEW_KEY)


def _patch_to_taken_name(account: Account) -> Request:
    account.create_integration(name="Other")
    account.create_integration(api_key=OLD_KEY)
    return account.patch_request(name="OTHER", api_key=NEW_KEY)


def _patch_of_stale_version(account: Account) -> Request:
    account.create_integration(api_key=OLD_KEY)
    stale = account.responses[-1].headers["etag"]
    account.patch_request(function_calling_enabled=False)()
    return account.integration_request("PATCH", "", {"api_key": NEW_KEY}, if_match=stale)


def _patch_of_current_version(account: Account) -> Request:
    account.create_integration(api_key=OLD_KEY)
    current = account.responses[-1].headers["etag"]
    return account.integration_request("PATCH", "", {"api_key": NEW_KEY}, if_match=current)


def _delete(account: Account, *, key: str | None = OLD_KEY, process_stream: bool = True) -> None:
    account.create_integration(**({"api_key": key} if key else {}))
    assert account.delete_request()() == 204
    if process_stream:
        account.stack.process_stream()


def _restore(*, key: str | None = OLD_KEY, process_stream: bool = True) -> Callable[[Account], Request]:
    def prepare(account: Account) -> Request:
        _delete(account, key=key, process_stream=process_stream)
        return account.restore_request()

    return prepare


def _restore_with_concurrently_taken_name(account: Account) -> Request:
    _delete(account)
    account.write_concurrently(COMMIT, "POST", "", create_body())
    return account.restore_request()


def _retried_create(retried_key: str) -> Callable[[Account], Request]:
    def prepare(account: Account) -> Request:
        account.request("POST", "", create_body(api_key=OLD_KEY), idempotency_key="one")()
        return account.request("POST", "", create_body(api_key=retried_key), idempotency_key="one")

    return prepare


def _rotate_idempotently(account: Account) -> Request:
    account.create_integration(api_key=OLD_KEY)
    return account.integration_request("POST", "/key-rotations", {"api_key": NEW_KEY}, idempotency_key="one")


def _roll_back(account: Account) -> Request:
    account.create_integration(api_key=OLD_KEY)
    assert account.rotate_request()() == 200
    account.stack.process_stream()
    return account.integration_request("POST", "/key-rotations/rollback")


API_USE_CASES: dict[str, UseCase] = {
    "create": UseCase(lambda account: account.create_request(), {NAME: None}, frozenset({201, 409})),
    "create with key": UseCase(
        lambda account: account.create_request(api_key=OLD_KEY), {NAME: OLD_KEY}, frozenset({201, 409})
    ),
    "create with Idempotency-Key": UseCase(
        lambda account: account.request("POST", "", create_body(), idempotency_key="one"),
        {NAME: None},
        frozenset({201}),
    ),
    "create with key and Idempotency-Key": UseCase(
        lambda account: account.request("POST", "", create_body(api_key=OLD_KEY), idempotency_key="one"),
        {NAME: OLD_KEY},
        frozenset({201}),
    ),
    "retried create with Idempotency-Key": UseCase(_retried_create(OLD_KEY), {NAME: OLD_KEY}, frozenset({201})),
    "retried create with another key": UseCase(_retried_create(NEW_KEY), {NAME: OLD_KEY}, frozenset({422})),
    "create with secret reference": UseCase(
        lambda account: account.create_request(api_key_secret_arn=account.create_external_secret()),
        {NAME: EXTERNAL_KEY},
        frozenset({201, 409, 422}),
    ),
    "create with taken name": UseCase(_create_with_taken_name, {NAME: None}, frozenset({409})),
    "create with concurrently taken name": UseCase(
        _create_with_concurrently_taken_name, {NAME: None}, frozenset({409})
    ),
    "patch": UseCase(existing(patch(enable_default_models=True), api_key=OLD_KEY), {NAME: OLD_KEY}),
    "patch of name": UseCase(existing(patch(name="Second"), api_key=OLD_KEY), {"Second": OLD_KEY}),
    "patch of key": UseCase(existing(patch(api_key=NEW_KEY), api_key=OLD_KEY), {NAME: NEW_KEY}),
    "patch of key and name": UseCase(
        existing(patch(api_key=NEW_KEY, name="Second"), api_key=OLD_KEY), {"Second": NEW_KEY}
    ),
    "patch with first key": UseCase(existing(patch(api_key=NEW_KEY)), {NAME: NEW_KEY}),
    "patch that removes key": UseCase(existing(patch(api_key=None), api_key=OLD_KEY), {NAME: None}),
    "patch from key to secret reference": UseCase(_patch_to_reference, {NAME: EXTERNAL_KEY}, frozenset({200, 422})),
    "patch from secret reference to key": UseCase(_patch_from_reference, {NAME: NEW_KEY}),
    "patch of key and base_url": UseCase(
        existing(patch(api_key=NEW_KEY, base_url="https://example.com"), api_key=OLD_KEY), {NAME: NEW_KEY}
    ),
    "patch of key and to taken name": UseCase(_patch_to_taken_name, {"Other": None, NAME: OLD_KEY}, frozenset({409})),
    "patch with stale If-Match": UseCase(_patch_of_stale_version, {NAME: OLD_KEY}, frozenset({412})),
    "patch of key with current If-Match": UseCase(_patch_of_current_version, {NAME: NEW_KEY}, frozenset({200, 412})),
    "patch of key with concurrent patch": UseCase(_patch_with_concurrent_patch, {NAME: NEW_KEY}),
    "patch of key with concurrent delete": UseCase(_patch_with_concurrent_delete, {}, frozenset({404})),
    "delete": UseCase(existing(Account.delete_request), {}, frozenset({204, 404})),
    "delete with key": UseCase(existing(Account.delete_request, api_key=OLD_KEY), {}, frozenset({204, 404})),
    "dry run of delete": UseCase(existing(lambda account: account.dry_run("DELETE"), api_key=OLD_KEY), {NAME: OLD_KEY}),
    "dry run of rotate": UseCase(
        existing(lambda account: account.dry_run("POST", "/key-rotations", {"api_key": NEW_KEY}), api_key=OLD_KEY),
        {NAME: OLD_KEY},
    ),
    "restore": UseCase(_restore(key=None), {NAME: None}),
    "restore with key": UseCase(_restore(), {NAME: OLD_KEY}),
    "restore before stream of deletion is processed": UseCase(_restore(process_stream=False), {NAME: OLD_KEY}),
    "restore with concurrently taken name": UseCase(
        _restore_with_concurrently_taken_name, {NAME: None}, frozenset({409})
    ),
    "rotate": UseCase(existing(_rotate(), api_key=OLD_KEY), {NAME: NEW_KEY}),
    "rotate with verification": UseCase(existing(_rotate(verify=True), api_key=OLD_KEY), {NAME: NEW_KEY}),
    "rotate without grace period": UseCase(existing(_rotate(grace_seconds=0), api_key=OLD_KEY), {NAME: NEW_KEY}),
    "rotate with Idempotency-Key": UseCase(_rotate_idempotently, {NAME: NEW_KEY}),
    "roll back": UseCase(_roll_back, {NAME: OLD_KEY}, frozenset({200, 409})),
}
