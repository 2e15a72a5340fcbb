"""Carry out provisioning requests from the event bus, and publish their outcomes."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ai_integrations.adapters.aws_failures import may_succeed_later
from ai_integrations.bootstrap.aws_calls import aws_calls
from ai_integrations.bootstrap.provision import provisioning
from ai_integrations.observability import describe, log_texts, logger, logs_invocation

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_provisioner, _queue, _dead_letters = provisioning()


@logs_invocation(aws_calls)
def lambda_handler(event: dict[str, Any], _context: "LambdaContext") -> dict[str, Any]:
    """Handle a batch of the queue.

    Messages for which AWS fails are retried with exponential backoff and end in the dead-letter queue.
    """
    failed = [record["messageId"] for record in event["Records"] if not _handle(record)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _handle(record: Mapping[str, Any]) -> bool:
    """Handle one message. False means that it failed and must be redelivered."""
    try:
        _process_or_dead_letter(record)
    except Exception as error:  # noqa: BLE001 - a failed message must not fail the rest of the batch
        logger.error("request failed", message_id=record["messageId"], **describe(error))
        _delay(record)
        return False
    return True


def _process_or_dead_letter(record: Mapping[str, Any]) -> None:
    """Process one message. Send one that cannot be processed to the dead-letter queue at once, unchanged."""
    message_id = record["messageId"]
    _log_sender({})  # not that of the message before
    try:
        envelope = json.loads(record["body"])
        _log_sender(envelope)
        outcome = _provisioner.handle(envelope)
    except Exception as error:
        if may_succeed_later(error):
            raise
        logger.error("unprocessable request", message_id=message_id, **describe(error))
        _dead_letters.send(record["body"])
    else:
        logger.info("request decided", message_id=message_id, outcome=outcome.detail_type)


def _log_sender(envelope: object) -> None:
    """Log who sent a request: the identities that it states, and the AWS account and source in the event."""
    log_texts(envelope, aws_account="account", source="source")
    detail = envelope.get("detail") if isinstance(envelope, dict) else None
    log_texts(detail, account="account", user="user", request_id="request_id")


def _delay(record: Mapping[str, Any]) -> None:
    try:
        _queue.delay(record)
    except (BotoCoreError, ClientError) as error:
        logger.warning("request not delayed", message_id=record["messageId"], **describe(error))
