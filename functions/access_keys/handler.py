"""Decide who may act for an account: issue and revoke access keys, register senders. Operators invoke it directly."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ulid import ULID

from ai_integrations.bootstrap.access_keys import access_control
from ai_integrations.bootstrap.aws_calls import aws_calls
from ai_integrations.contracts.authorizer_response import is_too_long
from ai_integrations.contracts.caller import caller_item
from ai_integrations.contracts.direct_invocation import responds_with_problems
from ai_integrations.contracts.operator_commands import (
    CallerCommand,
    IssueAccessKey,
    ListAccessKeys,
    ListSenders,
    RegisterSource,
    RegisterStacks,
    RemoveSource,
    RemoveStacks,
    RevokeAccessKey,
    access_key_view,
    sender_of,
    sender_view,
)
from ai_integrations.contracts.parsing import parse_text
from ai_integrations.domain.errors import AccessKeyNotFoundError, FieldError, RuleViolationError, SenderNotFoundError
from ai_integrations.domain.model import AccessKey
from ai_integrations.domain.senders import Sender
from ai_integrations.observability import hide_exception_messages, logger, logs_invocation

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_access_keys, _senders = access_control()


@logs_invocation(aws_calls)
@hide_exception_messages()
@responds_with_problems
def lambda_handler(event: dict[str, Any], _context: "LambdaContext") -> Mapping[str, Any]:
    """Carry out one CallerCommand."""
    now = datetime.now(UTC)
    match parse_text(json.dumps(event), CallerCommand).root:
        case IssueAccessKey() as command:
            return _issue(command, now)
        case ListAccessKeys() as command:
            return {"access_keys": [access_key_view(each) for each in _access_keys.list(command.account)]}
        case RevokeAccessKey() as command:
            return _revoke(command, now)
        case command:
            return _manage_senders(command, now)


def _issue(command: IssueAccessKey, now: datetime) -> dict[str, Any]:
    _check_usable(command, now)
    access_key = AccessKey(
        id=str(ULID.from_datetime(now)), caller=command.holder(), created_at=now, expires_at=command.expires_at
    )
    key = _access_keys.issue(access_key)
    logger.info("access key issued", key_id=access_key.id, role=command.role)
    return {"access_key": key, **access_key_view(access_key)}


def _check_usable(command: IssueAccessKey, now: datetime) -> None:
    if command.expires_at is not None and command.expires_at <= now:
        raise RuleViolationError(FieldError("/expires_at", "The time must be in the future."))
    if is_too_long(caller_item(command.holder())):
        raise RuleViolationError(
            FieldError(
                "/memberships",
                "The memberships are too long for one access key: with them, API Gateway would reject its requests. "
                "Send fewer memberships, or issue several access keys.",
            )
        )


def _revoke(command: RevokeAccessKey, now: datetime) -> dict[str, Any]:
    revoked = _access_keys.revoke(command.account, command.id, now)
    if revoked is None:
        raise AccessKeyNotFoundError
    logger.info("access key revoked", key_id=revoked.id, user=revoked.caller.user)
    return access_key_view(revoked)


def _manage_senders(
    command: RegisterSource | RegisterStacks | RemoveSource | RemoveStacks | ListSenders, now: datetime
) -> dict[str, Any]:
    match command:
        case RegisterSource() | RegisterStacks():
            sender = sender_of(command, now)
            _senders.register(sender)
            return _log_and_view("sender registered", sender)
        case RemoveSource() | RemoveStacks():
            removed = _senders.remove(command.account, command.kind, command.aws_account, command.name)
            if removed is None:
                raise SenderNotFoundError
            return _log_and_view("sender removed", removed)
        case ListSenders():
            return {"senders": [sender_view(each) for each in _senders.list(command.account)]}


def _log_and_view(message: str, sender: Sender) -> dict[str, Any]:
    view = sender_view(sender)
    logger.info(message, **view)
    return view
