"""Manage the integrations that CloudFormation stacks declare as `Custom::AiIntegration`.

The physical id is the integration's id. CloudFormation converts every scalar to a string, and repeats a request with
the same RequestId until it gets a response.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ConfigDict

from ai_integrations.contracts import ids
from ai_integrations.contracts.integration_bodies import REMOVALS, NewIntegration
from ai_integrations.contracts.operator_commands import Account, User
from ai_integrations.contracts.parsing import parse_text
from ai_integrations.contracts.wire_model import WireModel
from ai_integrations.domain.errors import (
    AccessForbiddenError,
    InvalidRequestError,
    NotFoundError,
    UnregisteredSenderError,
)
from ai_integrations.domain.model import Caller, CredentialChange, IdempotencyKey, Integration, Removal, Role
from ai_integrations.domain.senders import select_stacks
from ai_integrations.use_cases.integrations import Integrations, RequestedChange

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import Senders

_STACK_ID = r"arn:[^:]+:cloudformation:[^:]+:(?P<aws_account>[0-9]{12}):stack/(?P<name>[A-Za-z0-9-]+)/.+"
_BOOLEANS = frozenset({"enable_default_models", "function_calling_enabled"})
_BOOLEAN_VALUES = {"true": True, "false": False}


class Owner(WireModel):
    """The account and user for which a stack acts. A deletion needs no other property."""

    model_config = ConfigDict(hide_input_in_errors=True)

    Account: Account
    User: User


class Properties(Owner):
    """The properties of a resource of this type in a template.

    `Integration` is the body of the API without api_key: api_key_secret_arn names a secret.
    """

    model_config = ConfigDict(extra="forbid")

    ServiceToken: str
    ServiceTimeout: str | None = None
    Integration: NewIntegration

    def fingerprint(self) -> str:
        """Hash the declared properties, which contain no key."""
        return sha256(json.dumps(self.model_dump(), sort_keys=True).encode()).hexdigest()


class Resource(NamedTuple):
    """The result of a request: the values that `Ref` and `Fn::GetAtt` return."""

    physical_id: str
    attributes: Mapping[str, str]


class CustomResource:
    """Creates, updates and deletes integrations as stacks declare them."""

    def __init__(self, integrations: Integrations, senders: "Senders") -> None:
        self._integrations = integrations
        self._senders = senders

    def handle(self, event: Mapping[str, Any]) -> Resource:
        """Handle one request. A domain error is its result; after any other error it must be retried."""
        match event["RequestType"]:
            case "Create":
                return self._create(event)
            case "Update":
                return self._update(event)
            case "Delete":
                return self._delete(event)
        raise NotImplementedError  # an unknown type must not be handled as a deletion

    def _create(self, event: Mapping[str, Any]) -> Resource:
        declared = _parse_properties(event["ResourceProperties"])
        # The spaces prevent a collision with the Idempotency-Key of an API request, which contains none.
        value = " ".join(event[name] for name in ("StackId", "LogicalResourceId", "RequestId"))
        key = IdempotencyKey(user=declared.User, value=value, fingerprint=declared.fingerprint())
        body = declared.Integration
        return _resource(
            self._integrations.create(self._caller(event, declared), body.settings(), body.credential_change(), key)
        )

    def _update(self, event: Mapping[str, Any]) -> Resource:
        declared, before = _parse_properties(event["ResourceProperties"]), event["OldResourceProperties"]
        settings = vars(declared.Integration.settings())
        # A template declares every setting: one that it omits has its default.
        change = RequestedChange(
            lambda current: replace(current, **settings), _credential_change(declared, before), sent_fields=settings
        )
        try:
            integration = self._integrations.update(
                self._caller(event, declared), ids.decode(event["PhysicalResourceId"]), change
            )
        except NotFoundError:
            if before.get("Account") == declared.Account:
                raise
            # A new physical id makes CloudFormation delete the old integration.
            return self._create(event)
        return _resource(integration)

    def _delete(self, event: Mapping[str, Any]) -> Resource:
        resource = Resource(physical_id=event["PhysicalResourceId"], attributes={})
        try:
            ulid = ids.decode(resource.physical_id)
        except InvalidRequestError:
            return resource  # the creation failed and created nothing
        owner = parse_text(json.dumps(event["ResourceProperties"]), Owner)
        caller = self._caller(event, owner)
        try:
            self._integrations.delete(caller, ulid)
        except NotFoundError:
            if self._exists(owner, ulid):
                # The rights of the stack have changed. Success would mean that the integration is deleted.
                raise AccessForbiddenError from None
        return resource

    def _exists(self, owner: Owner, ulid: str) -> bool:
        try:
            self._integrations.get(Caller(account=owner.Account, user=owner.User, role=Role.ADMIN), ulid)
        except NotFoundError:
            return False
        return True

    def _caller(self, event: Mapping[str, Any], owner: Owner) -> Caller:
        """Build the caller for a stack. UnregisteredSenderError unless the stack is registered for the account."""
        stack = re.fullmatch(_STACK_ID, event["StackId"])
        if stack is None:
            raise UnregisteredSenderError
        sender = select_stacks(self._senders.stacks(owner.Account, stack["aws_account"]), stack["name"])
        if sender is None:
            raise UnregisteredSenderError
        return sender.caller(owner.User)


def _parse_properties(properties: Mapping[str, Any]) -> Properties:
    integration = properties.get("Integration")
    if isinstance(integration, dict):
        integration = {
            name: _BOOLEAN_VALUES.get(value, value) if isinstance(value, str) and name in _BOOLEANS else value
            for name, value in integration.items()
        }
        properties = {**properties, "Integration": integration}
    return parse_text(json.dumps(properties), Properties)


def _credential_change(declared: Properties, before: Mapping[str, Any]) -> CredentialChange:
    """Determine the change of the credentials. Those that the template never named are kept: they have other origins.

    `before` may be invalid in any way: after a rejected update, CloudFormation rolls back from its properties.
    """
    change = declared.Integration.credential_change()
    integration = before.get("Integration")
    if isinstance(change, Removal) and isinstance(integration, dict):
        for field, removal in REMOVALS.items():
            change |= removal if integration.get(field) is not None else Removal.NOTHING
    return change


def _resource(integration: Integration) -> Resource:
    return Resource(
        physical_id=ids.encode(integration.id),
        attributes={
            "name": integration.name,
            "has_api_key": "true" if integration.secret else "false",
            "version": str(integration.version),
        },
    )
