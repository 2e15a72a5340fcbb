"""Invariants after any failure: the table and Secrets Manager agree, nothing is lost and nothing is orphaned."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import from_wire
from ai_integrations.adapters.secrets_manager.key_store import STACK_TAG, label
from ai_integrations.domain.model import Integration, SecretVersion

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_ABSENT = "(absent)"


class StoredState(Protocol):
    """Everything in the table and in Secrets Manager."""

    @property
    def secrets_manager(self) -> "SecretsManagerClient": ...

    def items(self) -> list[dict[str, Any]]:
        """List all items of the table."""
        ...

    def secrets(self) -> list[dict[str, Any]]:
        """List the descriptions of all active secrets."""
        ...


def find_violations(state: StoredState, account: str, expected: Mapping[str, str | None]) -> list[str]:
    """List the violated invariants of an account. `expected` maps names of integrations to their keys, or None."""
    stored = [from_wire(item) for item in state.items()]
    partition = items.integration_key(account, "")["pk"]
    own = {item["sk"]: item for item in stored if item["pk"] == partition}
    integrations = [items.integration_from_item(item) for sk, item in own.items() if sk.startswith("INTEGRATION#")]
    return [
        *_integration_violations(state, integrations, expected),
        *_name_violations(own, integrations),
        *_role_violations(stored),
        *_secret_violations(state, account, integrations),
        *(f"{each.id} exists and has a tombstone" for each in integrations if f"DELETED#{each.id}" in own),
    ]


def _integration_violations(
    state: StoredState, integrations: list[Integration], expected: Mapping[str, str | None]
) -> list[str]:
    found = {each.name: _read_key(state, each.secret) for each in integrations}
    duplicates = len(integrations) - len(found)
    violations = [f"{duplicates} integrations have the name of another"] if duplicates else []
    for name in sorted(found.keys() | expected.keys()):
        actual_key, expected_key = found.get(name, _ABSENT), expected.get(name, _ABSENT)
        if actual_key != expected_key:
            violations.append(f"{name} has the key {actual_key}, expected {expected_key}")
    return violations


def _name_violations(own: Mapping[str, items.Item], integrations: list[Integration]) -> list[str]:
    reserved = {sk: item["integration_id"] for sk, item in own.items() if sk.startswith("NAME#")}
    expected = {key["sk"]: each.id for each in integrations for key in items.name_keys(each.account, each.name)}
    return [] if reserved == expected else [f"reserved names are {reserved}, expected {expected}"]


def _role_violations(stored: list[items.Item]) -> list[str]:
    """Compare the role guards with the integrations of all accounts. A guard without integrations counts as absent."""
    guards = {
        item["pk"]: {(item["account"], ulid) for ulid in item["integrations"]}
        for item in stored
        if item["sk"] == "ROLE" and "integrations" in item
    }
    expected: dict[str, set[tuple[str, str]]] = {}
    for item in stored:
        role = items.integration_from_item(item).iam_role if item["sk"].startswith("INTEGRATION#") else None
        if role is not None:
            expected.setdefault(items.role_key(role)["pk"], set()).add((item["account"], item["id"]))
    return [] if guards == expected else [f"role guards are {guards}, expected {expected}"]


def _secret_violations(state: StoredState, account: str, integrations: list[Integration]) -> list[str]:
    """List active secrets and versions that no item references, and referenced ones that are not active."""
    active = {
        secret["ARN"]: secret["SecretVersionsToStages"]
        for secret in state.secrets()
        if f"/{account}/" in secret["Name"] and STACK_TAG in {tag["Key"] for tag in secret.get("Tags", ())}
    }
    referenced = {
        each.secret.arn: _usable_versions(each) for each in integrations if each.secret and each.secret.is_owned
    }
    violations = [f"{arn} is active and not referenced" for arn in active.keys() - referenced.keys()]
    violations += [f"{arn} is referenced and not active" for arn in referenced.keys() - active.keys()]
    for arn in active.keys() & referenced.keys():
        versions = referenced[arn]
        available = {version for version, labels in active[arn].items() if labels}
        retained = {version for version, labels in active[arn].items() if {label(version), "AWSCURRENT"} & {*labels}}
        if retained - versions or versions - available:
            violations.append(f"{arn} retains the versions {retained}, referenced are {versions}")
    return violations


def _usable_versions(integration: Integration) -> set[str | None]:
    previous = integration.previous_key
    versions = {integration.secret.version} if integration.secret else set()
    is_in_grace_period = previous is not None and previous.usable_until > datetime.now(UTC)
    return versions | ({previous.secret.version} if previous and is_in_grace_period else set())


def _read_key(state: StoredState, secret: SecretVersion | None) -> str | None:
    if secret is None:
        return None
    try:
        version = {"VersionId": secret.version} if secret.version else {"VersionStage": "AWSCURRENT"}
        return state.secrets_manager.get_secret_value(SecretId=secret.arn, **version)["SecretString"]
    except ClientError as error:
        return f"unreadable: {error.response['Error']['Code']}"
