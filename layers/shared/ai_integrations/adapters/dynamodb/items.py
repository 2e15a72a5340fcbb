"""What an integration and its guards look like in the table; architecture.md, "Data", lists the keys."""

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from ai_integrations.domain.model import (
    AuthType,
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
    """Return the key of an integration."""
    return {"pk": _account(account), "sk": f"INTEGRATION#{ulid}"}


def tombstone_key(account: str, ulid: str) -> Item:
    """Return the key of what is left of a deleted integration."""
    return {"pk": _account(account), "sk": f"DELETED#{ulid}"}


def grace_key(account: str, ulid: str) -> Item:
    """Return the key of what marks the end of a former key's grace."""
    return {"pk": _account(account), "sk": f"GRACE#{ulid}"}


def health_key(account: str, ulid: str) -> Item:
    """Return the key of what is known of an integration's connection."""
    return {"pk": _account(account), "sk": f"HEALTH#{ulid}"}


def name_key(account: str, name: str) -> Item:
    """Return the key of the guard of a name: the same for every spelling of it that differs in case alone.

    A digest, since 256 characters can be longer than the 1,024 bytes of a sort key.
    """
    return {"pk": _account(account), "sk": f"NAME#{_digest(fold_name(name))}"}


def space_key(account: str, space_id: str) -> Item:
    """Return the key of a space in the directory, which is in a partition of its own."""
    return {"pk": f"SPACES#{account}", "sk": f"SPACE#{space_id}"}


def organization_key(account: str, organization_id: str) -> Item:
    """Return the key of an organization in the directory."""
    return {"pk": f"SPACES#{account}", "sk": f"ORGANIZATION#{organization_id}"}


def idempotency_key(account: str, user: str, value: str) -> Item:
    """Return the key of the guard of a request; two users may choose the same value."""
    return {"pk": _account(account), "sk": f"IDEMPOTENCY#{_digest(f'{user} {value}')}"}


def integration_item(integration: Integration) -> Item:
    """Return an integration as it is stored, without the attributes that are not set."""
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
        "scopings": [_without_unset(scoping._asdict()) for scoping in integration.scopings],
        "created_at": _text(integration.created_at),
        "updated_at": _text(integration.updated_at),
        "created_by": integration.created_by,
        "updated_by": integration.updated_by,
        "secret_arn": integration.secret and integration.secret.arn,
        "secret_version": integration.secret and integration.secret.version,
        "former_key": _previous_key_item(integration.previous_key),
    }
    return _without_unset(item)


def _previous_key_item(former: PreviousKey | None) -> Item | None:
    if former is None:
        return None
    parts = {"arn": former.secret.arn, "version": former.secret.version, "usable_until": _text(former.usable_until)}
    return _without_unset(parts)


def _previous_key_from_item(item: Mapping[str, Any] | None) -> PreviousKey | None:
    if item is None:
        return None
    secret = SecretVersion(arn=item["arn"], version=item.get("version"))
    return PreviousKey(secret=secret, usable_until=datetime.fromisoformat(item["usable_until"]))


def integration_from_item(item: Mapping[str, Any]) -> Integration:
    """Rebuild an integration from its item."""
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
    )


def tombstone_item(tombstone: Tombstone) -> Item:
    """Return what is left of a deleted integration until it expires."""
    integration = tombstone.integration
    return {
        **integration_item(integration),
        **tombstone_key(integration.account, integration.id),
        "deleted_at": _text(tombstone.deleted_at),
        "deleted_by": tombstone.deleted_by,
        "expires_at": epoch_seconds(tombstone.expires_at),
    }


def tombstone_from_item(item: Mapping[str, Any]) -> Tombstone:
    """Rebuild what is left of a deleted integration."""
    return Tombstone(
        integration=integration_from_item(item),
        deleted_at=datetime.fromisoformat(item["deleted_at"]),
        deleted_by=item["deleted_by"],
        expires_at=datetime.fromtimestamp(int(item["expires_at"]), UTC),
    )


def grace_item(integration: Integration, former: PreviousKey) -> Item:
    """Return what expires when the grace of a former key ends; the stream tells, and the key is let go."""
    return {
        **grace_key(integration.account, integration.id),
        "account": integration.account,
        "id": integration.id,
        "expires_at": epoch_seconds(former.usable_until),
    }


def name_item(integration: Integration) -> Item:
    """Return the guard that makes the integration's name unique in its account."""
    return {**name_key(integration.account, integration.name), "integration_id": integration.id}


def idempotency_item(answer: Integration, key: IdempotencyKey, now: datetime) -> Item:
    """Return the guard of a request, which holds that request's answer."""
    return {
        **idempotency_key(answer.account, answer.created_by, key.value),
        "fingerprint": key.fingerprint,
        "answer": integration_item(answer),
        "expires_at": epoch_seconds(now + key.retention),
    }


def place_item(place: Organization | Space) -> Item:
    """Return an organization or a space as it is stored."""
    key = space_key if isinstance(place, Space) else organization_key
    created_at = place.created_at and _text(place.created_at)
    return {**key(place.account, place.id), **_without_unset({**place._asdict(), "created_at": created_at})}


def organization_from_item(item: Mapping[str, Any]) -> Organization:
    """Rebuild an organization from its item."""
    return Organization(
        account=item["account"],
        id=item["id"],
        name=item["name"],
        created_at=datetime.fromisoformat(item["created_at"]),
    )


def space_from_item(account: str, item: Mapping[str, Any]) -> Space:
    """Rebuild a space from its item, which has little in it when scopings alone have named the space."""
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
    """Return the key of a request that came by event: readable, for operators look for it."""
    return {"pk": _account(account), "sk": f"REQUEST#{request_id}"}


def epoch_seconds(moment: datetime) -> int:
    """Return the form of time that DynamoDB's time to live reads."""
    return int(moment.astimezone(UTC).timestamp())


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def _account(account: str) -> str:
    return f"ACCOUNT#{account}"


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _without_unset(item: Mapping[str, Any]) -> Item:
    return {name: value for name, value in item.items() if value is not None}
