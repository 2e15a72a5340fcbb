"""What holds in the end, whatever failed: the table and Secrets Manager agree, and nothing is lost or left."""

from collections.abc import Mapping
from datetime import UTC, datetime

from botocore.exceptions import ClientError

from ai_integrations import items
from ai_integrations.dynamodb import from_wire
from ai_integrations.model import Integration, Secret
from ai_integrations.vault import STACK_TAG, label
from tests.cloud import Cloud


def broken(cloud: Cloud, account: str, ends: Mapping[str, str | None]) -> list[str]:
    """Return what does not hold in an account that should have these integrations with these keys."""
    partition = items.integration_key(account, "")["pk"]
    mine = {item["sk"]: item for item in map(from_wire, cloud.items()) if item["pk"] == partition}
    integrations = [items.integration_of(item) for sk, item in mine.items() if sk.startswith("INTEGRATION#")]
    found = {each.name: _key(cloud, each.secret) for each in integrations}
    faults = [] if found == dict(ends) and len(found) == len(integrations) else [f"there is {sorted(found)}"]
    return faults + _names(mine, integrations) + _secrets(cloud, account, integrations) + _stones(mine, integrations)


def _names(mine: Mapping[str, items.Item], integrations: list[Integration]) -> list[str]:
    guards = {sk: item["integration_id"] for sk, item in mine.items() if sk.startswith("NAME#")}
    expected = {items.name_key(each.account, each.name)["sk"]: each.id for each in integrations}
    return [] if guards == expected else ["a name is lost, or taken by nobody"]


def _stones(mine: Mapping[str, items.Item], integrations: list[Integration]) -> list[str]:
    return [f"{each.id} is there and deleted" for each in integrations if f"DELETED#{each.id}" in mine]


def _secrets(cloud: Cloud, account: str, integrations: list[Integration]) -> list[str]:
    """Tell which secrets can be used that nobody names, and which versions of those that are named."""
    usable = {
        secret["ARN"]: secret["SecretVersionsToStages"]
        for secret in cloud.secrets()
        if f"/{account}/" in secret["Name"] and STACK_TAG in {tag["Key"] for tag in secret.get("Tags", ())}
    }
    named = {each.secret.arn: _versions(each) for each in integrations if each.secret and each.secret.is_owned}
    if usable.keys() != named.keys():
        return [f"{len(usable)} usable secrets for {len(named)} that are named"]
    faults = []
    for arn, versions in named.items():
        labelled = {version for version, labels in usable[arn].items() if labels}
        kept = {version for version, labels in usable[arn].items() if {label(version), "AWSCURRENT"} & {*labels}}
        faults += [f"{arn} has {kept} and names {versions}"] if kept - versions or versions - labelled else []
    return faults


def _versions(integration: Integration) -> set[str | None]:
    former = integration.former_key
    versions = {integration.secret.version} if integration.secret else set()
    return versions | ({former.secret.version} if former and former.usable_until > datetime.now(UTC) else set())


def _key(cloud: Cloud, secret: Secret | None) -> str | None:
    if secret is None:
        return None
    try:
        wanted = {"VersionId": secret.version} if secret.version else {"VersionStage": "AWSCURRENT"}
        return cloud.secrets_manager.get_secret_value(SecretId=secret.arn, **wanted)["SecretString"]
    except ClientError as error:
        return f"unreadable: {error.response['Error']['Code']}"
