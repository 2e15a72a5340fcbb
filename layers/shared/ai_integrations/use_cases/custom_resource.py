"""`Custom::AiIntegration`: integrations that a CloudFormation stack declares.

The physical id is the integration's id. CloudFormation turns every scalar into a text, and sends a request again, with
the same RequestId, until it is answered.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from typing import Any, NamedTuple

from pydantic import ConfigDict, Field

from ai_integrations.contracts import ids
from ai_integrations.contracts.integration_bodies import NewIntegration
from ai_integrations.contracts.operator_commands import Account, User
from ai_integrations.contracts.parsing import parse_text
from ai_integrations.contracts.wire_model import WireModel
from ai_integrations.domain.errors import InvalidRequestError, NotFoundError
from ai_integrations.domain.model import Caller, IdempotencyKey, Integration, KeepKey, KeyChange, Role
from ai_integrations.use_cases.integrations import Integrations

_BOOLEANS = frozenset({"enable_default_models", "function_calling_enabled"})
_TRUTHS = {"true": True, "false": False}


class Owner(WireModel):
    """On whose behalf a stack acts: all that a deletion has to know."""

    model_config = ConfigDict(strict=True, hide_input_in_errors=True)

    Account: Account
    User: User

    def caller(self) -> Caller:
        """Return the caller; whoever may deploy the stack acts as an admin of the account."""
        return Caller(account=self.Account, user=self.User, role=Role.ADMIN)


class Properties(Owner):
    """What a template says of a resource of this type."""

    model_config = ConfigDict(extra="forbid")

    ServiceToken: str
    ServiceTimeout: str | None = None
    Integration: NewIntegration = Field(
        description="As in the API, without api_key: api_key_secret_arn names a secret."
    )

    def fingerprint(self) -> str:
        """Return a digest of what is declared, which holds no key."""
        return sha256(json.dumps(self.model_dump(), sort_keys=True).encode()).hexdigest()


class Resource(NamedTuple):
    """What CloudFormation gets to know: what `Ref` and `Fn::GetAtt` return."""

    physical_id: str
    attributes: Mapping[str, str]


class CustomResource:
    """Creates, changes and deletes integrations as stacks declare them."""

    def __init__(self, integrations: Integrations) -> None:
        self._integrations = integrations

    def handle(self, event: Mapping[str, Any]) -> Resource:
        """Carry out one request; a domain error is the answer to it, anything else wants it to be sent again."""
        match event["RequestType"]:
            case "Create":
                return self._create(event)
            case "Update":
                return self._update(event)
            case "Delete":
                return self._delete(event)
        raise NotImplementedError  # rather than to take it for a deletion

    def _create(self, event: Mapping[str, Any]) -> Resource:
        declared = _properties(event["ResourceProperties"])
        # The blank keeps it apart from the keys that callers send.
        value = " ".join(event[name] for name in ("StackId", "LogicalResourceId", "RequestId"))
        key = IdempotencyKey(value=value, fingerprint=declared.fingerprint())
        body = declared.Integration
        return _shown(self._integrations.create(declared.caller(), body.settings(), body.key_change(), key))

    def _update(self, event: Mapping[str, Any]) -> Resource:
        declared, before = _properties(event["ResourceProperties"]), event["OldResourceProperties"]
        settings = declared.Integration.settings()
        try:
            integration = self._integrations.update(
                declared.caller(),
                ids.decode(event["PhysicalResourceId"]),
                lambda current: replace(current, **vars(settings)),
                _key_change(declared, before),
            )
        except NotFoundError:
            if before.get("Account") == declared.Account:
                raise
            # Another identity: CloudFormation deletes the old one when it sees another physical id.
            return self._create(event)
        return _shown(integration)

    def _delete(self, event: Mapping[str, Any]) -> Resource:
        resource = Resource(physical_id=event["PhysicalResourceId"], attributes={})
        try:
            ulid = ids.decode(resource.physical_id)
        except InvalidRequestError:
            return resource  # a creation that was refused left nothing behind
        owner = parse_text(json.dumps(event["ResourceProperties"]), Owner)
        with suppress(NotFoundError):
            self._integrations.delete(owner.caller(), ulid)
        return resource


def _properties(given: Mapping[str, Any]) -> Properties:
    integration = given.get("Integration")
    if isinstance(integration, dict):
        integration = {
            name: _TRUTHS.get(value, value) if isinstance(value, str) and name in _BOOLEANS else value
            for name, value in integration.items()
        }
        given = {**given, "Integration": integration}
    return parse_text(json.dumps(given), Properties)


def _key_change(declared: Properties, before: Mapping[str, Any]) -> KeyChange:
    """Return what the template says of the key; one that it never named stays, for somebody else may have set it.

    What it said before may be wrong in any way: a refused change is taken back by another.
    """
    key = declared.Integration.key_change()
    integration = before.get("Integration")
    was_named = isinstance(integration, dict) and integration.get("api_key_secret_arn") is not None
    return None if key is KeepKey.KEEP and was_named else key


def _shown(integration: Integration) -> Resource:
    return Resource(
        physical_id=ids.encode(integration.id),
        attributes={
            "name": integration.name,
            "has_api_key": "true" if integration.secret else "false",
            "version": str(integration.version),
        },
    )
