"""The items of the table: keys, and conversion from and to domain objects. docs/data-model.md shows one of each."""

import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from ai_integrations.domain.iam_roles import IamRole
from ai_integrations.domain.mappings import without_none
from ai_integrations.domain.model import (
    AuthType,
    CredentialsSet,
    Federation,
    IdempotencyKey,
    Integration,
    Organization,
    PreviousKey,
    Scoping,
    SecretVersion,
    Space,
    Tombstone,
    fold_name,
)

Item = dict[str, Any]


def integration_key(account: str, ulid: str) -> Item:
    """Build the key of an integration."""
    return {"pk": _partition(account), "sk": f"INTEGRATION#{ulid}"}


def tombstone_key(account: str, ulid: str) -> Item:
    """Build the key of a tombstone."""
    return {"pk": _partition(account), "sk": f"DELETED#{ulid}"}


def grace_key(account: str, ulid: str) -> Item:
    """Build the key of the TTL item for the end of a grace period."""
    return {"pk": _partition(account), "sk": f"GRACE#{ulid}"}


def health_key(account: str, ulid: str) -> Item:
    """Build the key of the last connection test of an integration."""
    return {"pk": _partition(account), "sk": f"HEALTH#{ulid}"}


def name_keys(account: str, name: str) -> list[Item]:
    """Build the keys of a name's guards: one key, or two if release 0.1.0 compared the name in another way.

    Names that look the same share the last key. The first key is the one that 0.1.0 uses: its guards are still in the
    table, and it still runs during a gradual deployment. Keys contain a digest, because 256 characters can be longer
    than the 1,024 bytes of a sort key.
    """
    folded = dict.fromkeys((_fold_as_in_0_1_0(name), fold_name(name)))
    return [{"pk": _partition(account), "sk": f"NAME#{digest(each)}"} for each in folded]


def role_key(role: IamRole) -> Item:
    """Build the key of a role guard, which is in a partition of its own because it concerns all accounts."""
    return {"pk": f"ROLE#{digest(role.identity)}", "sk": "ROLE"}


def federation_key(identity: str) -> Item:
    """Build the key of a federation guard, which is in a partition of its own because it concerns all accounts."""
    return {"pk": f"FEDERATION#{digest(identity)}", "sk": "FEDERATION"}


def space_key(account: str, space_id: str) -> Item:
    """Build the key of a space. Spaces and organizations are in a partition of their own."""
    return {"pk": f"SPACES#{account}", "sk": f"SPACE#{space_id}"}


def organization_key(account: str, organization_id: str) -> Item:
    """Build the key of an organization."""
    return {"pk": f"SPACES#{account}", "sk": f"ORGANIZATION#{organization_id}"}


def idempotency_key(account: str, key: IdempotencyKey) -> Item:
    """Build the key of an idempotency record."""
    return {"pk": _partition(account), "sk": f"IDEMPOTENCY#{digest(f'{key.user} {key.value}')}"}


def integration_item(integration: Integration) -> Item:
    """Convert an integration to an item, without the attributes that are not set."""
    item = {
        **integration_key(integration.account, integration.id),
        "id": integration.id,
        "account": integration.account,
        "version": integration.version,
        "name": integration.name,
        "provider": integration.provider,
        "base_url": integration.base_url,
        "model_names": None if integration.model_names is None else list(integration.model_names),
        "headers": integration.headers,
        "enable_default_models": integration.enable_default_models,
        "function_calling_enabled": integration.function_calling_enabled,
        "auth_type": integration.auth_type.value,
        "provider_metadata": integration.provider_metadata,
        "scopings": [without_none(scoping._asdict()) for scoping in integration.scopings],
        "created_at": timestamp(integration.created_at),
        "updated_at": timestamp(integration.updated_at),
        "created_by": integration.created_by,
        "updated_by": integration.updated_by,
        "secret_arn": integration.secret and integration.secret.arn,
        "secret_version": integration.secret and integration.secret.version,
        "federation": _federation_item(integration.federation),
        "credentials_set": _credentials_set_item(integration.credentials_set),
        "former_key": _previous_key_item(integration.previous_key),
    }
    return without_none(item)


def _federation_item(federation: Federation | None) -> Item | None:
    return None if federation is None else {name: dict(values) for name, values in federation._asdict().items()}


def _previous_key_item(previous: PreviousKey | None) -> Item | None:
    if previous is None:
        return None
    item = {
        "arn": previous.secret.arn,
        "version": previous.secret.version,
        "usable_until": timestamp(previous.usable_until),
        "credentials_set": _credentials_set_item(previous.credentials_set),
    }
    return without_none(item)


def _credentials_set_item(credentials_set: CredentialsSet | None) -> Item | None:
    return None if credentials_set is None else {"at": timestamp(credentials_set.at), "by": credentials_set.by}


def _credentials_set_from_item(item: Mapping[str, Any] | None) -> CredentialsSet | None:
    return None if item is None else CredentialsSet(at=datetime.fromisoformat(item["at"]), by=item["by"])


def _previous_key_from_item(item: Mapping[str, Any] | None) -> PreviousKey | None:
    if item is None:
        return None
    secret = SecretVersion(arn=item["arn"], version=item.get("version"))
    return PreviousKey(
        secret=secret,
        usable_until=datetime.fromisoformat(item["usable_until"]),
        credentials_set=_credentials_set_from_item(item.get("credentials_set")),
    )


def integration_from_item(item: Mapping[str, Any]) -> Integration:
    """Convert an item to an integration."""
    return Integration(
        id=item["id"],
        account=item["account"],
        version=int(item["version"]),
        name=item["name"],
        provider=item["provider"],
        base_url=item.get("base_url"),
        model_names=tuple(item["model_names"]) if "model_names" in item else None,
        headers=item.get("headers"),
        enable_default_models=item["enable_default_models"],
        function_calling_enabled=item["function_calling_enabled"],
        auth_type=AuthType[item["auth_type"]],
        provider_metadata=item.get("provider_metadata"),
        scopings=tuple([Scoping(**scoping) for scoping in item["scopings"]]),
        created_at=datetime.fromisoformat(item["created_at"]),
        updated_at=datetime.fromisoformat(item["updated_at"]),
        created_by=item["created_by"],
        updated_by=item["updated_by"],
        secret=SecretVersion(arn=item["secret_arn"], version=item.get("secret_version"))
        if "secret_arn" in item
        else None,
        previous_key=_previous_key_from_item(item.get("former_key")),
        federation=Federation(**item["federation"]) if "federation" in item else None,
        credentials_set=_credentials_set_from_item(item.get("credentials_set")),
    )


def tombstone_item(tombstone: Tombstone) -> Item:
    """Convert a tombstone to an item."""
    integration = tombstone.integration
    return {
        **integration_item(integration),
        **tombstone_key(integration.account, integration.id),
        "deleted_at": timestamp(tombstone.deleted_at),
        "deleted_by": tombstone.deleted_by,
        "expires_at": epoch_seconds(tombstone.expires_at),
    }


def tombstone_from_item(item: Mapping[str, Any]) -> Tombstone:
    """Convert an item to a tombstone."""
    return Tombstone(
        integration=integration_from_item(item),
        deleted_at=datetime.fromisoformat(item["deleted_at"]),
        deleted_by=item["deleted_by"],
        expires_at=datetime.fromtimestamp(int(item["expires_at"]), UTC),
    )


def grace_item(integration: Integration, previous: PreviousKey) -> Item:
    """Build the TTL item for the end of a grace period. Its REMOVE record on the stream releases the previous key."""
    return {
        **grace_key(integration.account, integration.id),
        "account": integration.account,
        "id": integration.id,
        "expires_at": epoch_seconds(previous.usable_until),
    }


def name_items(integration: Integration) -> list[Item]:
    """Build the name guards, which make the integration's name unique in its account."""
    keys = name_keys(integration.account, integration.name)
    return [{**key, "integration_id": integration.id} for key in keys]


def idempotency_item(result: Integration, key: IdempotencyKey, now: datetime) -> Item:
    """Build the idempotency record of a request, which contains the result of that request."""
    return {
        **idempotency_key(result.account, key),
        "fingerprint": key.fingerprint,
        "answer": integration_item(result),
        "expires_at": epoch_seconds(now + key.retention),
    }


def place_item(place: Organization | Space) -> Item:
    """Convert an organization or a space to an item."""
    key = space_key if isinstance(place, Space) else organization_key
    created_at = place.created_at and timestamp(place.created_at)
    return {**key(place.account, place.id), **without_none({**place._asdict(), "created_at": created_at})}


def organization_from_item(item: Mapping[str, Any]) -> Organization:
    """Convert an item to an organization."""
    return Organization(
        account=item["account"],
        id=item["id"],
        name=item["name"],
        created_at=datetime.fromisoformat(item["created_at"]),
    )


def space_from_item(account: str, item: Mapping[str, Any]) -> Space:
    """Convert an item to a space. A space that only scopings name has no name, description or creation time."""
    created_at = item.get("created_at")
    return Space(
        account=account,
        id=item["sk"].removeprefix("SPACE#"),
        organization_id=item.get("organization_id"),
        name=item.get("name"),
        description=item.get("description"),
        created_at=datetime.fromisoformat(created_at) if created_at else None,
    )


def request_key(account: str, request_id: str) -> Item:
    """Build the key of a provisioning request's outcome. The id is not hashed, so that operators can look it up."""
    return {"pk": _partition(account), "sk": f"REQUEST#{request_id}"}


def epoch_seconds(moment: datetime) -> int:
    """Convert a time to epoch seconds, the format of DynamoDB's TTL attributes."""
    return int(moment.astimezone(UTC).timestamp())


def timestamp(moment: datetime) -> str:
    """Format a time as the table stores it: ISO 8601 in UTC, with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def _fold_as_in_0_1_0(name: str) -> str:
    return unicodedata.normalize("NFC", name.strip()).casefold()


def _partition(account: str) -> str:
    return f"ACCOUNT#{account}"


def digest(text: str) -> str:
    """Hash a text that a key of the table contains."""
    return sha256(text.encode()).hexdigest()
