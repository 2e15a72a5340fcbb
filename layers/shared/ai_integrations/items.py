"""What an integration and its guards look like in the table; architecture.md, "Data", lists the keys."""

import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from ai_integrations.model import AuthType, IdempotencyKey, Integration, Scoping, Secret

Item = dict[str, Any]

IDEMPOTENCY_WINDOW = timedelta(hours=24)


def integration_key(account: str, ulid: str) -> Item:
    """Return the key of an integration."""
    return {"pk": _account(account), "sk": f"INTEGRATION#{ulid}"}


def name_key(account: str, name: str) -> Item:
    """Return the key of the guard of a name: the same for every spelling of it that differs in case alone.

    A digest, since 256 characters can be longer than the 1,024 bytes of a sort key.
    """
    folded = unicodedata.normalize("NFC", name.strip()).casefold()
    return {"pk": _account(account), "sk": f"NAME#{_digest(folded)}"}


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
        "model_names": integration.model_names,
        "headers": integration.headers,
        "enable_default_models": integration.enable_default_models,
        "function_calling_enabled": integration.function_calling_enabled,
        "auth_type": integration.auth_type.value,
        "provider_metadata": integration.provider_metadata,
        "scopings": [_without_unset(vars(scoping)) for scoping in integration.scopings],
        "created_at": integration.created_at.isoformat(timespec="milliseconds"),
        "updated_at": integration.updated_at.isoformat(timespec="milliseconds"),
        "created_by": integration.created_by,
        "secret_arn": integration.secret and integration.secret.arn,
        "secret_version": integration.secret and integration.secret.version,
    }
    return _without_unset(item)


def integration_of(item: Mapping[str, Any]) -> Integration:
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
        auth_type=AuthType(item["auth_type"]),
        provider_metadata=item.get("provider_metadata"),
        scopings=tuple(Scoping(**scoping) for scoping in item["scopings"]),
        created_at=datetime.fromisoformat(item["created_at"]),
        updated_at=datetime.fromisoformat(item["updated_at"]),
        created_by=item["created_by"],
        secret=Secret(arn=item["secret_arn"], version=item["secret_version"]) if "secret_arn" in item else None,
    )


def name_item(integration: Integration) -> Item:
    """Return the guard that makes the integration's name unique in its account."""
    return {**name_key(integration.account, integration.name), "integration_id": integration.id}


def idempotency_item(integration: Integration, key: IdempotencyKey) -> Item:
    """Return the guard of the request that made the integration, which holds that request's answer."""
    return {
        **idempotency_key(integration.account, integration.created_by, key.value),
        "fingerprint": key.fingerprint,
        "answer": integration_item(integration),
        "expires_at": epoch_seconds(integration.created_at + IDEMPOTENCY_WINDOW),
    }


def epoch_seconds(moment: datetime) -> int:
    """Return the form of time that DynamoDB's time to live reads."""
    return int(moment.astimezone(UTC).timestamp())


def _account(account: str) -> str:
    return f"ACCOUNT#{account}"


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _without_unset(item: Mapping[str, Any]) -> Item:
    return {name: value for name, value in item.items() if value is not None}
