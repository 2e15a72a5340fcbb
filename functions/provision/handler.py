"""Carry out provisioning requests from the event bus, and publish their outcomes."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ai_integrations.bootstrap.aws_calls import aws_calls
from ai_integrations.bootstrap.provision import provisioning
from ai_integrations.observability import describe, log_texts, logger, logs_invocation

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_provisioner, _queue = provisioning()


@logs_invocation(aws_calls)
def lambda_handler(event: dict[str, Any], _context: "LambdaContext") -> dict[str, Any]:
    """Handle a batch of the queue.

    Failed messages are retried with exponential backoff and end in the dead-letter queue.
    """
    failed = [record["messageId"] for record in event["Records"] if not _handle(record)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _handle(record: Mapping[str, Any]) -> bool:
    """Handle one message. False means that it failed and must be redelivered."""
    message_id = record["messageId"]
    _log_sender(record["body"])
    try:
        outcome = _provisioner.handle(json.loads(record["body"]))
    except Exception as error:  # noqa: BLE001 - a failed message must not fail the rest of the batch
        logger.error("request failed", message_id=message_id, **describe(error))
        _delay(record)
        return False
    logger.info("request decided", message_id=message_id, outcome=outcome.detail_type)
    return True


def _log_sender(body: str) -> None:
    """Log who sent a request: the identities that it states, and the AWS account and source in the event."""
    envelope = detail = None
    with suppress(ValueError, AttributeError):  # not an event: without a sender
        envelope = json.loads(body)
        detail = envelope.get("detail")
    log_texts(envelope, aws_account="account", source="source")
    log_texts(detail, account="account", user="user", request_id="request_id")


def _delay(record: Mapping[str, Any]) -> None:
    try:
        _queue.delay(record)
    except (BotoCoreError, ClientError) as error:
        logger.warning("request not delayed", message_id=record["messageId"], **describe(error))
