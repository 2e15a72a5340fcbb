"""What holds in the end, whatever failed: the table and Secrets Manager agree, and nothing is lost or left."""

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


class Kept(Protocol):
    """What is in the table and in Secrets Manager, as one who may see everything finds it."""

    @property
    def secrets_manager(self) -> "SecretsManagerClient": ...

    def items(self) -> list[dict[str, Any]]: ...

    def secrets(self) -> list[dict[str, Any]]:
        """Return everything about every secret but its value, those left out that wait to be deleted."""
        ...


def broken(kept: Kept, account: str, ends: Mapping[str, str | None]) -> list[str]:
    """Return what does not hold in an account that should have these integrations with these keys."""
    partition = items.integration_key(account, "")["pk"]
    mine = {item["sk"]: item for item in map(from_wire, kept.items()) if item["pk"] == partition}
    integrations = [items.integration_from_item(item) for sk, item in mine.items() if sk.startswith("INTEGRATION#")]
    found = {each.name: _key(kept, each.secret) for each in integrations}
    faults = [f"there are {len(integrations)} of {len(found)} names"] if len(found) < len(integrations) else []
    faults += [f"{name} is not as it should be" for name in found.keys() | ends.keys() if _differ(name, found, ends)]
    return faults + _names(mine, integrations) + _secrets(kept, account, integrations) + _stones(mine, integrations)


def _differ(name: str, *sides: Mapping[str, str | None]) -> bool:
    """Tell whether an integration is on one side alone, or has another key there."""
    one, other = (side.get(name, "absent") for side in sides)
    return one != other


def _names(mine: Mapping[str, items.Item], integrations: list[Integration]) -> list[str]:
    guards = {sk: item["integration_id"] for sk, item in mine.items() if sk.startswith("NAME#")}
    expected = {items.name_key(each.account, each.name)["sk"]: each.id for each in integrations}
    return [] if guards == expected else ["a name is lost, or taken by nobody"]


def _stones(mine: Mapping[str, items.Item], integrations: list[Integration]) -> list[str]:
    return [f"{each.id} is there and deleted" for each in integrations if f"DELETED#{each.id}" in mine]


def _secrets(kept: Kept, account: str, integrations: list[Integration]) -> list[str]:
    """Tell which secrets can be used that nobody names, and which versions of those that are named."""
    usable = {
        secret["ARN"]: secret["SecretVersionsToStages"]
        for secret in kept.secrets()
        if f"/{account}/" in secret["Name"] and STACK_TAG in {tag["Key"] for tag in secret.get("Tags", ())}
    }
    named = {each.secret.arn: _versions(each) for each in integrations if each.secret and each.secret.is_owned}
    faults = [f"{arn} can be used and nobody names it" for arn in usable.keys() - named.keys()]
    faults += [f"{arn} is named and can not be used" for arn in named.keys() - usable.keys()]
    for arn in usable.keys() & named.keys():
        versions = named[arn]
        labelled = {version for version, labels in usable[arn].items() if labels}
        held = {version for version, labels in usable[arn].items() if {label(version), "AWSCURRENT"} & {*labels}}
        faults += [f"{arn} has {held} and names {versions}"] if held - versions or versions - labelled else []
    return faults


def _versions(integration: Integration) -> set[str | None]:
    former = integration.previous_key
    versions = {integration.secret.version} if integration.secret else set()
    return versions | ({former.secret.version} if former and former.usable_until > datetime.now(UTC) else set())


def _key(kept: Kept, secret: SecretVersion | None) -> str | None:
    if secret is None:
        return None
    try:
        wanted = {"VersionId": secret.version} if secret.version else {"VersionStage": "AWSCURRENT"}
        return kept.secrets_manager.get_secret_value(SecretId=secret.arn, **wanted)["SecretString"]
    except ClientError as error:
        return f"unreadable: {error.response['Error']['Code']}"
